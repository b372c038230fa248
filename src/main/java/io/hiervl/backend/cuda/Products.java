package io.hiervl.backend.cuda;

import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;

/** Matrix products: cuBLAS where it is and can read the operands as they lie, else the program's own kernels. */
final class Products {
    private static final int TILE = 64;
    private static final int MOST_MATRICES = 65_535;

    private final CudaBackend backend;
    private final DeviceOps ops;
    private final boolean rounds;
    private final boolean tf32;

    Products(CudaBackend backend, DeviceOps ops, Precision precision) {
        this.backend = backend;
        this.ops = ops;
        this.rounds = precision == Precision.BF16;
        this.tf32 = precision == Precision.TF32;
    }

    void run(Matmul s, Operand x, Operand y, Operand c) {
        Operand a = kept(x);
        Operand b = kept(y);
        if (backend.blas() == null || !blas(s, a, b, c)) {
            own(s, a, b, c);
        }
    }

    /** A factor that stays from run to run is rounded once, not by every product. */
    private Operand kept(Operand o) {
        return rounds ? o.of(backend.rounded(o.array(), ops)) : o;
    }

    private static long values(Matmul s, int rows, int columns) {
        return (long) s.batch0() * s.batch1() * rows * columns;
    }

    private static Operand dense(io.hiervl.tensor.Tensor array, Matmul s, int rows, int columns) {
        long matrix = (long) rows * columns;
        return new Operand(array, 0, s.batch1() * matrix, matrix, columns, 1);
    }

    private void own(Matmul s, Operand a, Operand b, Operand c) {
        int matrices = s.batch0() * s.batch1();
        if (matrices > MOST_MATRICES) {
            throw new IllegalArgumentException("a batch of " + matrices + " products; " + MOST_MATRICES + " are possible");
        }
        boolean tensorCores = rounds || a.array().type() == ElementType.BFLOAT16 && b.array().type() == ElementType.BFLOAT16;
        backend.device().launch(tensorCores ? "gemm_bf16" : "gemm_tile", (s.n() + TILE - 1) / TILE, (s.m() + TILE - 1) / TILE, matrices,
            tensorCores ? 128 : 16, tensorCores ? 1 : 16, a.array(), DeviceOps.code(a.array()), Structure.matrices(a), b.array(),
            DeviceOps.code(b.array()), Structure.matrices(b), c.array(), DeviceOps.code(c.array()), Structure.matrices(c), s.batch1(),
            s.m(), s.k(),
            s.n(), (float) s.alpha(), s.accumulate(), s.bias(), s.add() == null ? null : s.add().array(), Structure.matrices(s.add()),
            s.activation().ordinal());
    }

    /** The product by cuBLAS and what comes after it by a second pass; false if cuBLAS cannot read the operands. */
    private boolean blas(Matmul s, Operand a, Operand b, Operand c) {
        boolean more = s.bias() != null || s.add() != null || s.activation() != Activation.NONE;
        // what comes after the product is computed in 32 bits, before the result is rounded
        boolean apart = more && c.array().type() == ElementType.BFLOAT16;
        Operand to = apart ? dense(ops.work(ElementType.FLOAT, values(s, s.m(), s.n())), s, s.m(), s.n()) : c;
        if (!product(s, a, b, to)) {
            return false;
        }
        if (more) {
            long n = values(s, s.m(), s.n());
            ops.each("epilogue", n, to.array(), DeviceOps.code(to.array()), Structure.matrices(to), c.array(), DeviceOps.code(c.array()),
                Structure.matrices(c), s.bias(), s.add() == null ? null : s.add().array(), Structure.matrices(s.add()),
                s.activation().ordinal(),
                s.batch1(), s.m(), s.n(), n);
        }
        return true;
    }

    private boolean product(Matmul s, Operand a, Operand b, Operand c) {
        // C by columns = A B; C by rows: its transposed, by columns, = B^T A^T
        boolean byRows = c.column() == 1 && (c.row() >= s.n() || s.m() == 1);
        if (!byRows && !(c.row() == 1 && c.column() >= s.m())) {
            return false;
        }
        int m = byRows ? s.n() : s.m();
        int n = byRows ? s.m() : s.n();
        boolean round = rounds || a.array().type() == ElementType.BFLOAT16 && b.array().type() == ElementType.BFLOAT16;
        ElementType type = round ? ElementType.BFLOAT16 : ElementType.FLOAT;
        if (!readable(a, s.m(), s.k()) || !readable(b, s.k(), s.n()) || type == ElementType.FLOAT && c.array().type() != type) {
            return false;
        }
        Operand left = byRows ? factor(b, type, s, s.k(), s.n()).transpose() : factor(a, type, s, s.m(), s.k());
        Operand right = byRows ? factor(a, type, s, s.m(), s.k()).transpose() : factor(b, type, s, s.k(), s.n());
        int ldc = (int) Math.max(m, byRows ? c.row() : c.column());
        boolean outer = s.batch1() == 1;
        backend.device().tell(s, a, b, c, round);
        for (int i = 0; i < (outer ? 1 : s.batch0()); i++) {
            backend.blas().product(tf32, side(left, m, s.k(), i, outer), side(right, s.k(), n, i, outer), m, n, s.k(),
                (float) s.alpha(),
                s.accumulate() ? 1 : 0, address(c, i), type(c), ldc, outer ? c.batch0() : c.batch1(), outer ? s.batch0() : s.batch1());
        }
        return true;
    }

    /** A factor in the type in which cuBLAS is to multiply: itself, or a dense copy. */
    private Operand factor(Operand o, ElementType type, Matmul s, int rows, int columns) {
        if (o.array().type() == type) {
            return o;
        }
        int batch0 = o.batch0() == 0 ? 1 : s.batch0();
        int batch1 = o.batch1() == 0 ? 1 : s.batch1();
        boolean byColumns = o.column() != 1 && o.row() == 1;
        int r = byColumns ? columns : rows;
        int c = byColumns ? rows : columns;
        Operand from = byColumns ? o.transpose() : o;
        long n = (long) batch0 * batch1 * r * c;
        Operand to = new Operand(ops.work(type, n), 0, batch0 == 1 ? 0 : (long) batch1 * r * c, batch1 == 1 ? 0 : (long) r * c, c, 1);
        ops.each("copy_matrices", n, from.array(), DeviceOps.code(from.array()), Structure.matrices(from), to.array(),
            DeviceOps.code(to.array()),
            Structure.matrices(to), batch1, r, c, n);
        return byColumns ? to.transpose() : to;
    }

    private static boolean byColumns(Operand o, int rows, int columns) {
        return (o.row() == 1 || rows == 1) && (o.column() >= rows || columns == 1);
    }

    private static boolean byRows(Operand o, int rows, int columns) {
        return (o.column() == 1 || columns == 1) && (o.row() >= columns || rows == 1);
    }

    private static boolean readable(Operand o, int rows, int columns) {
        return byColumns(o, rows, columns) || byRows(o, rows, columns);
    }

    private static CuBlas.Side side(Operand o, int rows, int columns, int i0, boolean outer) {
        long stride = outer ? o.batch0() : o.batch1();
        if (byColumns(o, rows, columns)) {
            return new CuBlas.Side(false, (int) Math.max(columns == 1 ? rows : o.column(), rows), address(o, i0), type(o), stride);
        }
        return new CuBlas.Side(true, (int) Math.max(rows == 1 ? columns : o.row(), columns), address(o, i0), type(o), stride);
    }

    private static int type(Operand o) {
        return o.array().type() == ElementType.BFLOAT16 ? CuBlas.BFLOAT16 : CuBlas.FLOAT;
    }

    private static long address(Operand o, int i0) {
        return DeviceMemory.address(o.array(), o.offset() + i0 * o.batch0());
    }
}
