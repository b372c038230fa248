package io.hiervl.loss;

import io.hiervl.Content;
import io.hiervl.tensor.Tensor;

/**
 * What the graph of the prompt reads.
 *
 * @param reached (K,C), the gradient of t that all other graphs have added up
 */
public record PromptTargets(Tensor reached) {
    /** {@link #reached}. */
    public static final Input<PromptTargets> REACHED = Input.shared("gradient", PromptTargets::reached);

    @Override
    public boolean equals(Object other) {
        return Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return Content.hash(this);
    }

    @Override
    public String toString() {
        return Content.text(this);
    }
}
