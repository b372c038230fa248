package io.hiervl.backend.cuda;

import io.hiervl.backend.ShapeKernels;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;

/** Copies, places and sums on the device. */
abstract class CudaShapeKernels extends DeviceOps implements ShapeKernels {
    private static final int COLUMNS = 32;
    /** Blocks that keep a multiprocessor busy. */
    private static final int BUSY = 8;

    CudaShapeKernels(CudaBackend backend) {
        super(backend);
    }

    @Override
    public void copy(Tensor x, Tensor y) {
        if (x.type() == y.type()) {
            device.copy(DeviceMemory.address(y, 0), DeviceMemory.address(x, 0), x.length() * x.type().width());
        } else {
            each("convert", x.length(), x, code(x), y, code(y), x.length());
        }
    }

    @Override
    public void fill(Tensor y, double value) {
        each("fill", y.length(), y, code(y), (float) value, y.length());
    }

    private void zip(boolean times, Tensor a, Tensor b, Tensor y) {
        if (Arrays.equals(a.shape(), b.shape())) {
            each("zip_dense", y.length(), times, a, code(a), b, code(b), y, code(y), y.length());
        } else {
            each("zip", y.length(), times, a, code(a), b, code(b), y, code(y), Broadcast.of(a.shape(), b.shape()).structure(), y.length());
        }
    }

    @Override
    public void add(Tensor a, Tensor b, Tensor y) {
        zip(false, a, b, y);
    }

    @Override
    public void multiply(Tensor a, Tensor b, Tensor y) {
        zip(true, a, b, y);
    }

    @Override
    public void multiplyGradient(Tensor b, Tensor g, Tensor da) {
        if (da.length() == g.length()) {
            zip(true, g, b, da);
        } else {
            reduce(g, g.shape(), b, da.shape(), da);
        }
    }

    @Override
    public void scale(Tensor x, double factor, double offset, Tensor y) {
        each("scale", x.length(), x, code(x), (float) factor, (float) offset, y, code(y), x.length());
    }

    @Override
    public void repeat(Tensor x, Tensor y) {
        each("gather_strided", y.length(), x, code(x), null, y, code(y), Broadcast.of(x.shape(), y.shape()).structure(), y.length());
    }

    @Override
    public void repeatGradient(Tensor g, Tensor dx) {
        reduce(g, g.shape(), null, dx.shape(), dx);
    }

    /**
     * target = sums of g, or of g times b, over the axes along which the target repeats.
     *
     * @param whole shape of g
     * @param small shape of the target
     */
    final void reduce(Tensor g, long[] whole, Tensor b, long[] small, Tensor target) {
        Broadcast.Reduction r = Broadcast.reduction(whole, b == null ? null : b.shape(), small);
        long results = r.kept().length();
        long terms = r.gone().length();
        long blocks = r.lastStays() ? (results + COLUMNS - 1) / COLUMNS : results;
        long busy = (long) BUSY * device.multiprocessors() / Math.max(1, blocks);
        int parts = (int) Math.max(1, Math.min(busy, terms / (r.lastStays() ? 64 : 2048)));
        Tensor sums = parts == 1 && target.type() == ElementType.FLOAT ? target : work(ElementType.FLOAT, parts * results);
        device.launch(r.lastStays() ? "reduce_columns" : "reduce_rows", (int) blocks, parts, 1, r.lastStays() ? COLUMNS : 256,
            r.lastStays() ? 8 : 1, g, code(g),
            b, b == null ? 0 : code(b), sums, r.kept().structure(), r.gone().structure(), results, terms);
        if (sums != target) {
            each("add_parts", results, sums, target, code(target), parts, results);
        }
    }

    /** Parts of an axis: of length n from an index of x to one of y. */
    private void part(Tensor x, long from, Tensor y, long to, long n, int axis, boolean add) {
        long[] shape = y.shape();
        long outer = Shapes.product(shape, 0, axis);
        long tail = Shapes.product(shape, axis + 1, shape.length);
        long inner = n * tail;
        long xs = x == null ? 0 : x.size(axis) * tail;
        each("copy_part", outer * inner, x, x == null ? 0 : code(x), xs, from * tail, y, code(y), shape[axis] * tail, to * tail, inner, add,
            outer * inner);
    }

    @Override
    public void concat(Tensor[] x, int axis, Tensor y) {
        long at = 0;
        for (Tensor part : x) {
            part(part, 0, y, at, part.size(axis), axis, false);
            at += part.size(axis);
        }
    }

    @Override
    public void slice(Tensor x, int axis, long from, Tensor y) {
        part(x, from, y, 0, y.size(axis), axis, false);
    }

    @Override
    public void sliceGradient(Tensor g, int axis, long from, Tensor dx) {
        zero(dx);
        part(g, 0, dx, from, g.size(axis), axis, false);
    }

    @Override
    public void addToSlice(Tensor x, Tensor g, int axis, long from, Tensor y) {
        if (y != x) {
            copy(x, y);
        }
        part(g, 0, y, from, g.size(axis), axis, true);
    }

    @Override
    public void permute(Tensor x, int[] axes, Tensor y) {
        long[] from = x.shape();
        long[] shape = new long[axes.length];
        long[] step = new long[axes.length];
        for (int i = 0; i < axes.length; i++) {
            shape[i] = from[axes[i]];
            step[i] = Shapes.product(from, axes[i] + 1, from.length);
        }
        strided(x, y, shape, step);
    }

    /** y = x with changed axes: axis i of y has length shape[i] and distance step[i] in x. */
    final void strided(Tensor x, Tensor y, long[] shape, long[] step) {
        long n = Shapes.product(shape);
        each("gather_strided", n, x, code(x), null, y, code(y), Broadcast.strided(shape, step).structure(), n);
    }

    @Override
    public void sum(Tensor x, Tensor y) {
        reduce(x, new long[] {x.length()}, null, new long[] {1}, y);
    }

    @Override
    public void weightedSum(Tensor[] scalars, Tensor coefficients, Tensor y) {
        Tensor all = work(ElementType.FLOAT, scalars.length);
        for (int i = 0; i < scalars.length; i++) {
            device.copy(DeviceMemory.address(all, i), DeviceMemory.address(scalars[i], 0), ElementType.FLOAT.width());
        }
        device.launch("weighted_sum", 1, 1, 1, 1, 1, all, coefficients, y, scalars.length);
    }

    @Override
    public void weightedSumGradient(Tensor coefficients, Tensor g, Tensor[] scalars) {
        for (int i = 0; i < scalars.length; i++) {
            if (scalars[i] != null) {
                device.launch("weighted_sum_bp", 1, 1, 1, 1, 1, coefficients, g, i, scalars[i]);
            }
        }
    }
}
