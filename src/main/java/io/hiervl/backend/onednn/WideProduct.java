package io.hiervl.backend.onednn;

import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.backend.jvm.Parallel;
import io.hiervl.backend.jvm.Scratch;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;

/**
 * Products whose right factor and result are few long rows (queries times the pixels of a map), for CPUs without AVX-512. Rows whose
 * distance is a multiple of 4 kB compete for the same places of a cache. oneDNN's product reads such a factor down its columns, at half of
 * its speed. So columns are taken in pieces that are first copied side by side. Each thread computes pieces of its own.
 */
final class WideProduct {
    /** Columns of a piece: 256 rows of it stay in a second-level cache of 512 kB. */
    private static final int COLUMNS = 256;
    /** Elements between the ends of rows of a piece, so that these do not compete either. */
    private static final int GAP = 16;
    private static final int SHORTEST = 4096;
    /** Most rows of a piece. */
    private static final int ROWS = 512;
    /** Multiple of the rows' distance, in elements, that makes them compete. */
    private static final int CLASH = 1024;
    private static final int LEAST_ROWS = 16;

    private WideProduct() {
    }

    /** Whether this is such a product. */
    static boolean fits(Matmul s, Operand b, Operand c) {
        return s.batch0() * s.batch1() == 1 && s.n() >= SHORTEST && s.k() <= ROWS && s.k() >= LEAST_ROWS && s.m() >= LEAST_ROWS
            && b.column() == 1 && c.column() == 1 && b.row() % CLASH == 0
            && s.bias() == null && s.add() == null && s.activation() == Activation.NONE
            && b.array().type() == ElementType.FLOAT && c.array().type() == ElementType.FLOAT;
    }

    static void run(OneDnnKernels kernels, Matmul s, Operand a, Operand b, Operand c) {
        int pieces = (s.n() + COLUMNS - 1) / COLUMNS;
        int lanes = Math.min(Parallel.team(), pieces);
        Parallel.lanes(lanes, lane -> {
            OneDnnKernels own = kernels.ofThread();
            long size = (long) s.k() * (COLUMNS + GAP);
            Operand piece = new Operand(Scratch.get("wide-product", ElementType.FLOAT, size), 0, 0, 0, COLUMNS + GAP, 1);
            for (int i = lane * pieces / lanes; i < (lane + 1) * pieces / lanes; i++) {
                int columns = Math.min(COLUMNS, s.n() - i * COLUMNS);
                own.copy(b.at((long) i * COLUMNS), piece, 1, 1, s.k(), columns);
                Matmul part = Matmul.of(s.m(), s.k(), columns).scaled(s.alpha()).accumulating(s.accumulate());
                own.matmul(part, a, piece, c.at((long) i * COLUMNS));
            }
        });
    }
}
