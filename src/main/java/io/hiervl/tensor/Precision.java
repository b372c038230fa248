package io.hiervl.tensor;

/**
 * In which type dense products (linear layers, convolutions, attention) multiply 32-bit floats. Weights, activations,
 * sums and everything else stay 32 bits wide in either case, which is the usual mixed precision.
 */
public enum Precision {
    /** 24 bits of mantissa. */
    FP32,
    /** On a GPU both factors are rounded to TF32 (10 bits of mantissa); elsewhere nothing is rounded. */
    TF32,
    /** Both factors are rounded to bfloat16 (8 bits of mantissa); kernels without it multiply in 32 bits. */
    BF16
}
