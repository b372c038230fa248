package io.hiervl.loss;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What the graph of the prompt reads.
 *
 * @param reached (K,C), the gradient of t that all other graphs have added up
 */
public record PromptTargets(INDArray reached) {
    /** {@link #reached}. */
    public static final Input<PromptTargets> REACHED = Input.shared("gradient", PromptTargets::reached);
}
