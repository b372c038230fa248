package io.hiervl.loss;

import io.hiervl.Content;
import io.hiervl.tensor.Tensor;

/**
 * A labelled batch with one class erased from every image.
 *
 * @param images    (B,3,H,W), erased
 * @param patches   that count, with the erased class
 * @param reference (B,N,C), what the frozen tower sees in the whole images; computed for each micro-batch
 */
public record ErasedTargets(Tensor images, MaskTargets.Patches patches, Rows reference) implements Targets {
    /** Class of each patch, (B,N). */
    static final Input<ErasedTargets> PATCH_CLASSES = Input.perImage("patch_classes", t -> t.patches().classes());
    /** Weight of each patch, (B,N). */
    static final Input<ErasedTargets> PATCH_WEIGHTS = Input.perImage("patch_weights", t -> t.patches().weights());

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
