package io.hiervl.loss;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A labelled batch with one class erased from every image.
 *
 * @param images    (B,3,H,W), erased
 * @param patches   that count, with the erased class
 * @param reference (B,N,C), what the frozen tower sees in the whole images; computed for each micro-batch
 */
public record ErasedTargets(INDArray images, MaskTargets.Patches patches, Rows reference) implements Targets {
    /** Class of each patch, (B,N). */
    public static final Input<ErasedTargets> PATCH_CLASSES = Input.perImage("patch_classes", t -> t.patches().classes());
    /** Weight of each patch, (B,N). */
    public static final Input<ErasedTargets> PATCH_WEIGHTS = Input.perImage("patch_weights", t -> t.patches().weights());
}
