package io.hiervl.data;

import io.hiervl.Content;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Unlabelled crops, not yet mixed: {@link CutMix#mix} with {@code boxes1} and {@code boxes2} mixes the strong views and,
 * once they exist, pseudo-labels, confidences and validity.
 *
 * @param weak    (B, 3, H, W) float32, normalised for CLIP
 * @param strong1 (B, 3, H, W)
 * @param strong2 (B, 3, H, W)
 * @param valid   (B, H, W) 1 where the photo is, 0 on padding
 * @param boxes1  CutMix boxes of strong view 1, null where nothing is mixed
 * @param boxes2  CutMix boxes of strong view 2
 * @param names   the photos as the list writes them, one for each image
 * @param truth   (B, H, W) class indices, only to log how right pseudo-labels are; null unless every image has a mask
 * @param partner for B = 1 the batch of the step before (at the first step: of the next one), whose image
 *                fills the boxes; null for larger batches, whose partners are among themselves
 */
public record UnlabelledBatch(INDArray weak, INDArray strong1, INDArray strong2, INDArray valid, List<CutMix.Box> boxes1,
    List<CutMix.Box> boxes2, List<String> names, INDArray truth, UnlabelledBatch partner) {
    public UnlabelledBatch {
        if (names.size() != weak.size(0) || boxes1.size() != names.size() || boxes2.size() != names.size()) {
            throw new IllegalArgumentException(
                weak.size(0) + " images, " + names.size() + " names, " + boxes1.size() + " and " + boxes2.size() + " boxes");
        }
    }

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
