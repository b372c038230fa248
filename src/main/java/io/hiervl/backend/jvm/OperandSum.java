package io.hiervl.backend.jvm;

import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;

/** Adds one operand of a product to another. */
public final class OperandSum {
    private static final int TASK = 16_384;

    private OperandSum() {
    }

    /** c += x for the m x n matrices of a batched product; rows or columns of c lie without gaps, x may repeat along any axis. */
    public static void add(Matmul s, Operand x, Operand c) {
        if (c.column() != 1) {
            add(Matmul.batched(s.batch0(), s.batch1(), s.n(), s.k(), s.m()), x.transpose(), c.transpose());
            return;
        }
        Slab from = Slab.of(x.array());
        Slab to = Slab.of(c.array());
        int n = s.n();
        Parallel.forRange((long) s.batch0() * s.batch1() * s.m(), Math.max(1, TASK / n), (first, last) -> {
            double[] sum = new double[n];
            double[] row = new double[n];
            for (int r = first; r < last; r++) {
                int i0 = r / s.m() / s.batch1();
                int i1 = r / s.m() % s.batch1();
                int at = c.index(i0, i1) + Math.toIntExact(r % s.m() * c.row());
                int source = x.index(i0, i1) + Math.toIntExact(r % s.m() * x.row());
                to.get(at, sum, 0, n);
                if (x.column() == 1) {
                    from.get(source, row, 0, n);
                }
                for (int i = 0; i < n; i++) {
                    sum[i] += x.column() == 1 ? row[i] : from.get(source + Math.toIntExact(i * x.column()));
                }
                to.put(at, sum, 0, n);
            }
        });
    }
}
