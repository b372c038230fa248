package io.hiervl.backend.jvm;

import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;

/** Copies and adds ranges of one axis between arrays that agree in all other axes. */
final class Blocks {
    private static final int PIECE = 8192;

    private Blocks() {
    }

    /** Copies {@code count} indices of the axis, from index {@code fromIndex} of x to {@code toIndex} of y. */
    static void copy(Tensor x, long fromIndex, Tensor y, long toIndex, long count, int axis) {
        long inner = Shapes.product(x.shape(), axis + 1, x.rank());
        int block = (int) (count * inner);
        long rowX = x.size(axis) * inner;
        long rowY = y.size(axis) * inner;
        Slab in = Slab.of(x);
        Slab out = Slab.of(y);
        Parallel.forRange(Shapes.product(x.shape(), 0, axis), Math.max(1, 65_536 / Math.max(1, block)), (from, to) -> {
            for (int r = from; r < to; r++) {
                out.copy((int) (r * rowY + toIndex * inner), in, (int) (r * rowX + fromIndex * inner), block);
            }
        });
    }

    /** Adds x to y at {@code index} and the following of the axis. */
    static void add(Tensor x, Tensor y, long index, int axis) {
        long inner = Shapes.product(y.shape(), axis + 1, y.rank());
        int block = (int) (x.size(axis) * inner);
        long row = y.size(axis) * inner;
        int pieces = (block + PIECE - 1) / PIECE;
        Slab in = Slab.of(x);
        Slab out = Slab.of(y);
        boolean single = y.type() == ElementType.FLOAT;
        Parallel.forRange(Shapes.product(y.shape(), 0, axis) * pieces, 4, (from, to) -> {
            for (int p = from; p < to; p++) {
                int first = p % pieces * PIECE;
                int n = Math.min(PIECE, block - first);
                int source = p / pieces * block + first;
                int target = (int) (p / pieces * row + index * inner) + first;
                if (single) {
                    addFloats(in, source, out, target, n);
                } else {
                    addDoubles(in, source, out, target, n);
                }
            }
        });
    }

    private static void addFloats(Slab in, int source, Slab out, int target, int n) {
        float[] a = new float[n];
        float[] b = new float[n];
        in.get(source, a, 0, n);
        out.get(target, b, 0, n);
        for (int i = 0; i < n; i++) {
            b[i] += a[i];
        }
        out.put(target, b, 0, n);
    }

    private static void addDoubles(Slab in, int source, Slab out, int target, int n) {
        double[] a = new double[n];
        double[] b = new double[n];
        in.get(source, a, 0, n);
        out.get(target, b, 0, n);
        for (int i = 0; i < n; i++) {
            b[i] += a[i];
        }
        out.put(target, b, 0, n);
    }

    /** Sets {@code count} indices of the axis to zero. */
    static void clear(Tensor y, long index, long count, int axis) {
        if (count <= 0) {
            return;
        }
        long inner = Shapes.product(y.shape(), axis + 1, y.rank());
        long row = y.size(axis) * inner;
        Slab out = Slab.of(y);
        long rows = Shapes.product(y.shape(), 0, axis);
        for (long r = 0; r < rows; r++) {
            out.fill((int) (r * row + index * inner), (int) (count * inner), 0);
        }
    }
}
