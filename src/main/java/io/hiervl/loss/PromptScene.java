package io.hiervl.loss;

import io.hiervl.graph.Scope;
import org.nd4j.autodiff.samediff.SDVariable;

/** The learnable prompt behind the text tower; {@link #t} is differentiable up to the prompt. */
public final class PromptScene extends Scene<PromptTargets> {
    private final SDVariable prototypes;

    /** @param prototypes (K,C), unit rows: embeddings of the fixed prompt */
    public PromptScene(Scope root, SDVariable t, Placeholders<PromptTargets> in, SDVariable prototypes) {
        super(root, t, in);
        this.prototypes = prototypes;
    }

    /** Embeddings (K,C) of the fixed prompt, unit rows. */
    public SDVariable prototypes() {
        return prototypes;
    }
}
