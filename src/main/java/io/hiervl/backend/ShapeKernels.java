package io.hiervl.backend;

import io.hiervl.tensor.Tensor;

/** Copies, places and sums of elements. */
public interface ShapeKernels {
    /** The same elements in the same order. */
    void copy(Tensor x, Tensor y);

    /** The same value everywhere. */
    void fill(Tensor y, double value);

    /** y = a + b with numpy's broadcasting; y may be a or b where their shapes are equal. */
    void add(Tensor a, Tensor b, Tensor y);

    /** y = a b with numpy's broadcasting. */
    void multiply(Tensor a, Tensor b, Tensor y);

    /** da = sum of g b over the axes along which a was repeated in a b. */
    void multiplyGradient(Tensor b, Tensor g, Tensor da);

    /** y = factor x + offset. */
    void scale(Tensor x, double factor, double offset, Tensor y);

    /** y = x repeated along axes of length 1, and along missing leading axes. */
    void repeat(Tensor x, Tensor y);

    /** dx = sum of g over the axes along which x was repeated. */
    void repeatGradient(Tensor g, Tensor dx);

    /** Arrays side by side along an axis. */
    void concat(Tensor[] x, int axis, Tensor y);

    /** Indices from, from + 1, ... of an axis, as many as y has. */
    void slice(Tensor x, int axis, long from, Tensor y);

    /** g amid zeros: the gradient of {@link #slice}. */
    void sliceGradient(Tensor g, int axis, long from, Tensor dx);

    /** y = x, and g added at the indices from, from + 1, ... of an axis; y may be x. */
    void addToSlice(Tensor x, Tensor g, int axis, long from, Tensor y);

    /** Axis i of y is axis axes[i] of x. */
    void permute(Tensor x, int[] axes, Tensor y);

    /** y (1) = the sum of all elements. */
    void sum(Tensor x, Tensor y);

    /**
     * y (1) = the sum of coefficient times scalar; a term with coefficient 0 counts nothing, even if it is not finite.
     *
     * @param coefficients (n)
     */
    void weightedSum(Tensor[] scalars, Tensor coefficients, Tensor y);

    /** Gradients of {@link #weightedSum} for the scalars; each may be null. */
    void weightedSumGradient(Tensor coefficients, Tensor g, Tensor[] scalars);
}
