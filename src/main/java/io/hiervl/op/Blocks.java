package io.hiervl.op;

import io.hiervl.op.kernel.Parallel;
import io.hiervl.op.kernel.Slab;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Copies ranges of one axis between arrays that agree in all other axes. */
final class Blocks {
    private Blocks() {
    }

    /** Copies {@code count} indices of the axis, from index {@code fromIndex} of x to {@code toIndex} of y. */
    static void copy(INDArray x, long fromIndex, INDArray y, long toIndex, long count, int axis) {
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

    /** Sets {@code count} indices of the axis to zero. */
    static void clear(INDArray y, long index, long count, int axis) {
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
