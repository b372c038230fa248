package io.hiervl.loss;

import io.hiervl.Content;
import io.hiervl.tensor.Tensor;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A labelled batch.
 *
 * @param images  (B,3,H,W)
 * @param labels  (B,H,W), values outside 0..K-1 are ignored
 * @param set     of the set loss
 * @param points  of the set loss
 * @param useGt   (B), 1 where the gate is that of the ground truth
 * @param patches classes of all patches, made when somebody asks
 */
public record LabelledTargets(Tensor images, INDArray labels, SetTargets set, SetPoints points, INDArray useGt,
    Lazy<MaskTargets.Patches> patches) implements PictureTargets {
    /** Which classes are there, (B,K). */
    public static final Input<LabelledTargets> PRESENCE = Input.perImage("presence", t -> t.set().presence());
    /** {@link #useGt}. */
    public static final Input<LabelledTargets> USE_GT = Input.perImage("use_gt", LabelledTargets::useGt);

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
