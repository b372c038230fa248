package io.hiervl.backend;

import io.hiervl.tensor.Resize;
import io.hiervl.tensor.Tensor;

/** Kernels of maps (B,C,H,W) and of tokens that stand for places of maps. */
public interface SpatialKernels {
    /** Largest of every 2 x 2 values; a last odd row or column is dropped. */
    void maxPool2x2(Tensor x, Tensor y);

    /** Gradient of {@link #maxPool2x2}. */
    void maxPool2x2Gradient(Tensor x, Tensor g, Tensor dx);

    /** Interpolation of the last two axes to those of y. */
    void resize(Resize mode, Tensor x, Tensor y);

    /** Gradient of {@link #resize}. */
    void resizeGradient(Resize mode, Tensor g, Tensor dx);

    /** Mask2Former's attention mask (B,Q,height width) of logits (B,Q,h,w): resized, 1 where at least 0, all 1 where a row had none. */
    void attentionMask(Tensor logits, int height, int width, Tensor mask);

    /**
     * Multi-scale deformable attention (Deformable DETR), y (B,Q,D).
     *
     * @param value     (B,N,D)
     * @param offsets   (B,Q,heads levels points 2) in pixels of the level
     * @param weights   (B,Q,heads levels points) before the softmax
     * @param reference (Q,2) in [0,1]
     */
    void deformableAttention(DeformableShape s, Tensor value, Tensor offsets, Tensor weights, Tensor reference, Tensor y);

    /** Gradients of {@link #deformableAttention}; each may be null. The reference points get none. */
    void deformableAttentionGradient(DeformableShape s, Tensor value, Tensor offsets, Tensor weights, Tensor reference, Tensor g,
                                     Tensor dValue,
                                     Tensor dOffsets, Tensor dWeights);

    /** Values y (B,C,P) of x (B,C,H,W) at points (B,P,2) in [0,1], x first, between pixels bilinear, zero outside. */
    void pointSample(Tensor x, Tensor points, Tensor y);

    /** Gradients of {@link #pointSample}; each may be null. */
    void pointSampleGradient(Tensor x, Tensor points, Tensor g, Tensor dx, Tensor dPoints);
}
