package io.hiervl.eval;

import io.hiervl.Content;
import io.hiervl.PublicApi;
import io.hiervl.image.LabelMap;

/**
 * The best class of every pixel and its score. Safe for several threads if nobody writes into the array.
 *
 * @param labels class indices
 * @param score  score of that class, rows from top to bottom, in the unit of the model
 */
@PublicApi
public record Segmentation(LabelMap labels, float[] score) {
    public Segmentation {
        if (score.length != labels.values().length) {
            throw new IllegalArgumentException(score.length + " scores for " + labels.values().length + " pixels");
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
