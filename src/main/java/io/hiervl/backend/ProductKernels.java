package io.hiervl.backend;

import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Tensor;

/** Matrix products, the layers made of them, and attention. */
public interface ProductKernels {
    /** A (m,k) by B (k,n) to C (m,n), batched and with strides, see {@link Matmul}. */
    void matmul(Matmul spec, Operand a, Operand b, Operand c);

    /**
     * y = activation(x W^T + b).
     *
     * @param x (..., in)
     * @param w (out, in)
     * @param b (out); may be null
     * @param y (..., out)
     */
    void linear(Tensor x, Tensor w, Tensor b, Activation activation, Tensor y);

    /**
     * Gradients of {@link #linear}; each may be null.
     *
     * @param saved what the activation needs: the layer's result for RELU, the bias or null for others, nothing for NONE
     * @param g     cotangent (..., out)
     */
    void linearGradient(Tensor x, Tensor w, Tensor saved, Activation activation, Tensor g, Tensor dx, Tensor dw, Tensor db);

    /** y = a b over the last two axes, either factor transposed on request; b may have rank 2 and serve all matrices of a. */
    void batchedProduct(Tensor a, Tensor b, boolean transposeA, boolean transposeB, Tensor y);

    /** Gradients of {@link #batchedProduct}; each may be null. */
    void batchedProductGradient(Tensor a, Tensor b, boolean transposeA, boolean transposeB, Tensor g, Tensor da, Tensor db);

    /** y (B,Tq,D) = softmax(q k^T / sqrt(D / heads) + bias) v, see {@link AttentionInput}. */
    void attention(AttentionInput in, Tensor y);

    /** Gradients of {@link #attention}; each may be null. The mask gets none. */
    void attentionGradient(AttentionInput in, Tensor g, Tensor dq, Tensor dk, Tensor dv, Tensor dKeyBias);

    /** Attention of tokens to themselves, y (B,T,D), of q, k and v side by side (B,T,3D). */
    void packedAttention(Tensor qkv, int heads, boolean causal, Tensor y);

    /** Gradient of {@link #packedAttention}. */
    void packedAttentionGradient(Tensor qkv, int heads, boolean causal, Tensor g, Tensor dqkv);

    /** Convolution of x (B,in,H,W) with w (out,in,kh,kw) and bias (out) or null. */
    void conv2d(ConvShape s, Tensor x, Tensor w, Tensor bias, Tensor y);

    /** Gradients of {@link #conv2d}; each may be null. */
    void conv2dGradient(ConvShape s, Tensor x, Tensor w, Tensor g, Tensor dx, Tensor dw, Tensor db);

    /** Transposed convolution of x (B,in,H,W) with w (in,out,2,2), stride 2, and bias (out), to y (B,out,2H,2W). */
    void upConv2x2(Tensor x, Tensor w, Tensor bias, Tensor y);

    /** Gradients of {@link #upConv2x2}; each may be null. */
    void upConv2x2Gradient(Tensor x, Tensor w, Tensor g, Tensor dx, Tensor dw, Tensor db);
}
