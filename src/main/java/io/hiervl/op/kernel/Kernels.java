package io.hiervl.op.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The heavy dense computations. Arrays are dense in c order and may be longer than the sizes given; all arrays of a call
 * have the same data type. Inputs and outputs must not overlap unless a method says so.
 */
public interface Kernels {
    /** Name for reports. */
    String name();

    /** A (m,k) by B (k,n) to C (m,n), batched, see {@link Matmul}. */
    void matmul(Matmul spec, Operand a, Operand b, Operand c);

    /** Softmax of each row; y may be x. */
    void softmax(INDArray x, INDArray y, int rows, int columns);

    /** dx = y * (g - sum(g * y)) per row; dx may be g. */
    void softmaxGradient(INDArray y, INDArray g, INDArray dx, int rows, int columns);

    /** y = (x - mean) / sqrt(variance + eps) * gamma + beta per row. */
    void layerNorm(INDArray x, INDArray gamma, INDArray beta, INDArray y, int rows, int columns, double eps);

    /** Gradients of {@link #layerNorm}; each output may be null. */
    void layerNormGradient(INDArray x, INDArray gamma, INDArray g, INDArray dx, INDArray dGamma, INDArray dBeta, int rows,
                           int columns, double eps);

    /** y = act(x); y may be x. */
    void activation(int code, INDArray x, INDArray y, int length);

    /** dx = g * act'(x) where x is what went into the activation (for RELU its result serves as well); dx may be g. */
    void activationGradient(int code, INDArray x, INDArray g, INDArray dx, int length);

    /** Convolution; bias (out) or null. */
    void conv2d(ConvShape s, INDArray x, INDArray w, INDArray bias, INDArray y);

    /** Gradients of {@link #conv2d} for x and w; each may be null. */
    void conv2dGradient(ConvShape s, INDArray x, INDArray w, INDArray g, INDArray dx, INDArray dw);
}
