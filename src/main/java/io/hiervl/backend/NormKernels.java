package io.hiervl.backend;

import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Tensor;

/** Norms, softmax and point-wise functions. Rows are what a function sees at a time; arrays may be longer than rows x columns. */
public interface NormKernels {
    /** Softmax of each row; y may be x. */
    void softmax(Tensor x, Tensor y, int rows, int columns);

    /** dx = y (g - sum(g y)) per row; dx may be g. */
    void softmaxGradient(Tensor y, Tensor g, Tensor dx, int rows, int columns);

    /** y = (x - mean) / sqrt(variance + eps) gamma + beta per row. */
    void layerNorm(Tensor x, Tensor gamma, Tensor beta, Tensor y, int rows, int columns, double eps);

    /** Gradients of {@link #layerNorm}; each may be null. */
    void layerNormGradient(Tensor x, Tensor gamma, Tensor g, Tensor dx, Tensor dGamma, Tensor dBeta, int rows, int columns, double eps);

    /** Layer norm over groups of channels and space of x (B,C,...), gamma and beta (C). */
    void groupNorm(Tensor x, Tensor gamma, Tensor beta, Tensor y, int groups, double eps);

    /** Gradients of {@link #groupNorm}; each may be null. */
    void groupNormGradient(Tensor x, Tensor gamma, Tensor g, Tensor dx, Tensor dGamma, Tensor dBeta, int groups, double eps);

    /** y = x / sqrt(sum of squares + eps) over the last axis. */
    void l2Normalize(Tensor x, Tensor y, double eps);

    /** Gradient of {@link #l2Normalize}. */
    void l2NormalizeGradient(Tensor x, Tensor g, Tensor dx, double eps);

    /** y = activation(x); y may be x. */
    void activation(Activation activation, Tensor x, Tensor y, int length);

    /** dx = g activation'(x), where x is what went into the activation (for RELU its result serves as well); dx may be g. */
    void activationGradient(Activation activation, Tensor x, Tensor g, Tensor dx, int length);

    /** y = log(x + eps). */
    void log(Tensor x, Tensor y, double eps);

    /** dx = g / (x + eps). */
    void logGradient(Tensor x, Tensor g, Tensor dx, double eps);
}
