package io.hiervl.loss;

import io.hiervl.graph.Scope;
import org.nd4j.autodiff.samediff.SDVariable;

/** Labelled images with one class erased, seen by the image tower alone. */
public final class MaskedScene extends Scene<ErasedTargets> {
    private final SDVariable dense;

    /** @param dense (b,N,C) embeddings of patches */
    public MaskedScene(Scope root, SDVariable t, Placeholders<ErasedTargets> in, SDVariable dense) {
        super(root, t, in);
        this.dense = dense;
    }

    /** Embeddings (b,N,C) of patches. */
    public SDVariable dense() {
        return dense;
    }
}
