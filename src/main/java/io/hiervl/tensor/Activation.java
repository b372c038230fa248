package io.hiervl.tensor;

/** Point-wise activations; {@code QUICK_GELU} is x * sigmoid(1.702 x) (OpenAI CLIP), {@code GELU} the exact erf form. */
public enum Activation {
    NONE, RELU, GELU, QUICK_GELU, SIGMOID
}
