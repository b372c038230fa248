package io.hiervl.backend;

import io.hiervl.tensor.Tensor;

/**
 * Arithmetic of a loss op, forward and backward, on the host: the definition that every device is held to. An implementation is a record of
 * its settings, which model files keep by name. Inputs are dense FLOAT or DOUBLE arrays; sums are made in double.
 */
public interface LossKernel {
    /** Name of the op without prefix. */
    String name();

    /** Number of scalars. */
    int losses();

    /** Number of leading inputs that get a gradient. */
    int differentiable();

    /** The scalars. */
    double[] forward(HostMath math, Tensor[] in);

    /**
     * Gradients of the leading inputs.
     *
     * @param cotangent one for each scalar
     * @param gradients to be written; null where unwanted
     */
    void backward(HostMath math, Tensor[] in, double[] cotangent, Tensor[] gradients);
}
