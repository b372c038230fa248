package io.hiervl.backend.jvm;

import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;

/** Blocked matrix product on the heap: blocks are packed, multiplied with loops that the JIT vectorises, written back. */
final class JavaMatmul {
    private static final int MB = 64;
    private static final int NB = 128;
    private static final int KB = 256;

    private static final class Work {
        final double[] a = new double[MB * KB];
        final double[] b = new double[KB * NB];
        final double[] c = new double[MB * NB];
        final double[] line = new double[Math.max(Math.max(MB, NB), KB)];
    }

    private static final ThreadLocal<Work> WORK = ThreadLocal.withInitial(Work::new);

    private final Matmul spec;
    private final Operand a;
    private final Operand b;
    private final Operand c;
    private final Slab sa;
    private final Slab sb;
    private final Slab sc;
    private final Slab bias;
    private final Slab add;

    private JavaMatmul(Matmul spec, Operand a, Operand b, Operand c) {
        this.spec = spec;
        this.a = a;
        this.b = b;
        this.c = c;
        sa = Slab.of(a.array());
        sb = Slab.of(b.array());
        sc = Slab.of(c.array());
        bias = spec.bias() == null ? null : Slab.of(spec.bias());
        add = spec.add() == null ? null : Slab.of(spec.add().array());
    }

    static void run(Matmul spec, Operand a, Operand b, Operand c) {
        new JavaMatmul(spec, a, b, c).run();
    }

    private void run() {
        int mBlocks = (spec.m() + MB - 1) / MB;
        int nBlocks = (spec.n() + NB - 1) / NB;
        long tasks = (long) spec.batch0() * spec.batch1() * mBlocks * nBlocks;
        double work = 1.0 * Math.min(spec.m(), MB) * Math.min(spec.n(), NB) * spec.k();
        long grain = Math.max(1, Math.min(tasks, (long) (200_000 / Math.max(1, work))));
        Parallel.forRange(tasks, grain, (from, to) -> {
            for (int t = from; t < to; t++) {
                int nb = t % nBlocks;
                int mb = t / nBlocks % mBlocks;
                int batch = t / nBlocks / mBlocks;
                block(batch / spec.batch1(), batch % spec.batch1(), mb * MB, nb * NB);
            }
        });
    }

    private void block(int i0, int i1, int m0, int n0) {
        Work w = WORK.get();
        int rows = Math.min(MB, spec.m() - m0);
        int cols = Math.min(NB, spec.n() - n0);
        java.util.Arrays.fill(w.c, 0, rows * cols, 0);
        for (int k0 = 0; k0 < spec.k(); k0 += KB) {
            int depth = Math.min(KB, spec.k() - k0);
            read(sa, a, a.index(i0, i1) + m0 * a.row() + k0 * a.column(), rows, depth, w.a, w.line);
            read(sb, b, b.index(i0, i1) + k0 * b.row() + n0 * b.column(), depth, cols, w.b, w.line);
            multiply(w.a, w.b, w.c, rows, depth, cols);
        }
        finish(w, i0, i1, m0, n0, rows, cols);
    }

    /** c (rows,cols) += a (rows,depth) b (depth,cols). */
    private static void multiply(double[] a, double[] b, double[] c, int rows, int depth, int cols) {
        int k = 0;
        for (; k + 4 <= depth; k += 4) {
            int b0 = k * cols;
            for (int i = 0; i < rows; i++) {
                int ai = i * depth + k;
                axpy4(a[ai], a[ai + 1], a[ai + 2], a[ai + 3], b, b0, c, i * cols, cols);
            }
        }
        for (; k < depth; k++) {
            for (int i = 0; i < rows; i++) {
                double v = a[i * depth + k];
                int ci = i * cols;
                int bi = k * cols;
                for (int j = 0; j < cols; j++) {
                    c[ci + j] += v * b[bi + j];
                }
            }
        }
    }

    private static void axpy4(double v0, double v1, double v2, double v3, double[] b, int b0, double[] c, int ci, int cols) {
        int b1 = b0 + cols;
        int b2 = b1 + cols;
        int b3 = b2 + cols;
        for (int j = 0; j < cols; j++) {
            c[ci + j] += v0 * b[b0 + j] + v1 * b[b1 + j] + (v2 * b[b2 + j] + v3 * b[b3 + j]);
        }
    }

    private void finish(Work w, int i0, int i1, int m0, int n0, int rows, int cols) {
        double alpha = spec.alpha();
        if (alpha != 1) {
            for (int i = 0; i < rows * cols; i++) {
                w.c[i] *= alpha;
            }
        }
        if (bias != null) {
            bias.get(n0, w.line, 0, cols);
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < cols; j++) {
                    w.c[i * cols + j] += w.line[j];
                }
            }
        }
        if (add != null) {
            Operand o = spec.add();
            addBlock(add, o, o.index(i0, i1) + m0 * o.row() + n0 * o.column(), w, rows, cols);
        }
        long start = c.index(i0, i1) + m0 * c.row() + n0 * c.column();
        if (spec.accumulate()) {
            addBlock(sc, c, start, w, rows, cols);
        }
        Activations.apply(spec.activation(), w.c, 0, rows * cols);
        write(start, w, rows, cols);
    }

    private static void addBlock(Slab s, Operand o, long start, Work w, int rows, int cols) {
        // a and b are free once the product is complete
        read(s, o, start, rows, cols, w.b, w.line);
        for (int i = 0; i < rows * cols; i++) {
            w.c[i] += w.b[i];
        }
    }

    private void write(long start, Work w, int rows, int cols) {
        if (c.column() == 1) {
            for (int i = 0; i < rows; i++) {
                sc.put((int) (start + i * c.row()), w.c, i * cols, cols);
            }
        } else if (c.row() == 1) {
            for (int j = 0; j < cols; j++) {
                for (int i = 0; i < rows; i++) {
                    w.line[i] = w.c[i * cols + j];
                }
                sc.put((int) (start + j * c.column()), w.line, 0, rows);
            }
        } else {
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < cols; j++) {
                    sc.put((int) (start + i * c.row() + j * c.column()), w.c[i * cols + j]);
                }
            }
        }
    }

    private static void read(Slab s, Operand o, long start, int rows, int cols, double[] to, double[] line) {
        if (o.column() == 1) {
            for (int i = 0; i < rows; i++) {
                s.get((int) (start + i * o.row()), to, i * cols, cols);
            }
        } else if (o.row() == 1) {
            for (int j = 0; j < cols; j++) {
                s.get((int) (start + j * o.column()), line, 0, rows);
                for (int i = 0; i < rows; i++) {
                    to[i * cols + j] = line[i];
                }
            }
        } else {
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < cols; j++) {
                    to[i * cols + j] = s.get((int) (start + i * o.row() + j * o.column()));
                }
            }
        }
    }
}
