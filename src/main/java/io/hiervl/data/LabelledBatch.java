package io.hiervl.data;

import io.hiervl.Content;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Labelled crops.
 *
 * @param images (B, 3, H, W) float32, normalised for CLIP
 * @param labels (B, H, W) float32 class indices, 255 ignored (padding included)
 * @param names  the photos as the list writes them, one for each image
 */
public record LabelledBatch(INDArray images, INDArray labels, List<String> names) {
    public LabelledBatch {
        if (names.size() != images.size(0) || labels.size(0) != images.size(0)) {
            throw new IllegalArgumentException(
                images.size(0) + " images, " + labels.size(0) + " label maps and " + names.size() + " names");
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
