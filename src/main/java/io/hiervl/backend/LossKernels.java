package io.hiervl.backend;

import io.hiervl.tensor.Tensor;

/** Targets and losses. */
public interface LossKernels {
    /**
     * Fixed matching of query rows with the regions of label maps; results may be null.
     *
     * @param labels   (B,H,W)
     * @param rowClass (B,K L + M)
     * @param slots    (B,H/stride,W/stride)
     * @param presence (B,K)
     */
    void fixedMatching(Matching matching, Tensor labels, Tensor rowClass, Tensor slots, Tensor presence);

    /**
     * Rows that are sure of a class; results may be null.
     *
     * @param logits    (B,Q,K) or (B,Q,K+1)
     * @param classes   K
     * @param threshold least probability of the best outcome; at most 0: every row with the best of the K classes
     * @param chosen    (B,Q): class or -100
     * @param weights   (B,Q): 1 / number of rows of the image that count; with a threshold of at most 0 always 1
     */
    void confidentRows(Tensor logits, int classes, double threshold, Tensor chosen, Tensor weights);

    /** Scalars (1) of a loss; each may be null. */
    void loss(LossKernel kernel, Tensor[] in, Tensor[] losses);

    /**
     * Gradients of the leading inputs of a loss; each may be null.
     *
     * @param cotangents (1), one for each scalar
     */
    void lossGradient(LossKernel kernel, Tensor[] in, Tensor[] cotangents, Tensor[] gradients);
}
