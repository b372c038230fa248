package io.hiervl.backend.jvm;

import io.hiervl.backend.ShapeKernels;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;

/** Copies, places and sums in plain Java, and the primitives under them that faster kernels override. */
abstract class JavaShapeKernels implements ShapeKernels {
    private static final int PART = 32_768;

    /**
     * y = a op b, where b repeats along some axes; y may be a.
     *
     * @param dims    lengths of the axes of a and y
     * @param repeats axes along which b has length 1
     */
    public void zip(ElementOp op, Tensor a, Tensor b, Tensor y, long[] dims, boolean[] repeats) {
        long[] small = dims.clone();
        for (int i = 0; i < small.length; i++) {
            small[i] = repeats[i] ? 1 : small[i];
        }
        new BroadcastPlan(dims, small).loops(op, a, b, y);
    }

    /** y = x with changed axes: axis i of y has length shape[i] and distance step[i] in x, of which at least one is 1. */
    public void permute(Tensor x, Tensor y, long[] shape, long[] step) {
        Permutation.run(x, y, shape, step);
    }

    /** target (columns) = sums of a (rows, columns). */
    public void columnSums(Tensor a, long rows, long columns, Tensor target) {
        Reductions.columnSums(a, (int) rows, (int) columns, target);
    }

    /** target (channels) = sums of a (batch, channels, plane). */
    public void channelSums(Tensor a, int batch, int channels, int plane, Tensor target) {
        Reductions.channelSums(a, batch, channels, plane, target);
    }

    @Override
    public void copy(Tensor x, Tensor y) {
        Pointwise.copy(x, y);
    }

    @Override
    public void fill(Tensor y, double value) {
        Slab.of(y).fill(0, (int) y.length(), value);
    }

    @Override
    public void add(Tensor a, Tensor b, Tensor y) {
        new BroadcastPlan(a.shape(), b.shape()).zip(this, ElementOp.ADD, a, b, y);
    }

    @Override
    public void multiply(Tensor a, Tensor b, Tensor y) {
        new BroadcastPlan(a.shape(), b.shape()).zip(this, ElementOp.MULTIPLY, a, b, y);
    }

    @Override
    public void multiplyGradient(Tensor b, Tensor g, Tensor da) {
        if (da.length() == g.length()) {
            multiply(g, b, da);
        } else {
            new BroadcastPlan(da.shape(), b.shape()).reduceToA(g, b, da);
        }
    }

    @Override
    public void scale(Tensor x, double factor, double offset, Tensor y) {
        Pointwise.map(x, y, (v, n) -> {
            for (int i = 0; i < n; i++) {
                v[i] = factor * v[i] + offset;
            }
        });
    }

    @Override
    public void repeat(Tensor x, Tensor y) {
        new BroadcastPlan(x.shape(), y.shape()).repeat(x, y);
    }

    @Override
    public void repeatGradient(Tensor g, Tensor dx) {
        new BroadcastPlan(dx.shape(), g.shape()).reduceToA(g, null, dx);
    }

    @Override
    public void concat(Tensor[] x, int axis, Tensor y) {
        long at = 0;
        for (Tensor part : x) {
            Blocks.copy(part, 0, y, at, part.size(axis), axis);
            at += part.size(axis);
        }
    }

    @Override
    public void slice(Tensor x, int axis, long from, Tensor y) {
        Blocks.copy(x, from, y, 0, y.size(axis), axis);
    }

    @Override
    public void sliceGradient(Tensor g, int axis, long from, Tensor dx) {
        long to = from + g.size(axis);
        Blocks.clear(dx, 0, from, axis);
        Blocks.copy(g, 0, dx, from, g.size(axis), axis);
        Blocks.clear(dx, to, dx.size(axis) - to, axis);
    }

    @Override
    public void addToSlice(Tensor x, Tensor g, int axis, long from, Tensor y) {
        if (y != x) {
            copy(x, y);
        }
        Blocks.add(g, y, from, axis);
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
        permute(x, y, shape, step);
    }

    @Override
    public void sum(Tensor x, Tensor y) {
        Slab in = Slab.of(x);
        double[] parts = new double[Parallel.parts(x.length(), PART)];
        Parallel.forParts(x.length(), PART, (part, from, to) -> parts[part] = Reductions.sum(in, from, to - from));
        Slab.of(y).put(0, total(parts));
    }

    private static double total(double[] parts) {
        double total = 0;
        for (double part : parts) {
            total += part;
        }
        return total;
    }

    @Override
    public void weightedSum(Tensor[] scalars, Tensor coefficients, Tensor y) {
        double[] factors = Staging.doubles(coefficients);
        double sum = 0;
        for (int i = 0; i < factors.length; i++) {
            // a term that is switched off must not spoil the sum, even if it is not finite
            sum += factors[i] == 0 ? 0 : factors[i] * Staging.first(scalars[i]);
        }
        Staging.write(new double[] {sum}, y);
    }

    @Override
    public void weightedSumGradient(Tensor coefficients, Tensor g, Tensor[] scalars) {
        double[] factors = Staging.doubles(coefficients);
        double cotangent = Staging.first(g);
        for (int i = 0; i < scalars.length; i++) {
            if (scalars[i] != null) {
                Staging.write(new double[] {cotangent * factors[i]}, scalars[i]);
            }
        }
    }
}
