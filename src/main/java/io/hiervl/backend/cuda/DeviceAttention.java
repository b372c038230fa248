package io.hiervl.backend.cuda;

import io.hiervl.backend.Operand;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;

/** Scaled dot-product attention over (image, head) on the device. Nothing of the size queries x keys is kept. */
sealed interface DeviceAttention permits CudaAttention, FusedAttention {
    /**
     * Takes tensor cores where factors are rounded to bfloat16 anyway. Wide heads, and products in TF32, which tensor cores compute from
     * arrays in memory, get blocks of logits in working memory.
     *
     * @param keyBias (B,Tk) or null
     * @param mask    (B,Tq,Tk) or null
     */
    static DeviceAttention of(CudaProductKernels kernels, AttentionSize size, ElementType type, Tensor keyBias, Tensor mask,
                              boolean causal) {
        boolean rounds = kernels.factorType() == ElementType.BFLOAT16 || type == ElementType.BFLOAT16;
        return (rounds || !kernels.tf32()) && FusedAttention.takes(size) ? new FusedAttention(kernels, size, rounds, keyBias, mask, causal)
            : new CudaAttention(kernels, size, keyBias, mask, causal);
    }

    void forward(Operand q, Operand k, Operand v, Operand out);

    /** Gradients; each target may be null. dKeyBias is (B,Tk). */
    void backward(Operand q, Operand k, Operand v, Operand g, Operand dq, Operand dk, Operand dv, Tensor dKeyBias);
}
