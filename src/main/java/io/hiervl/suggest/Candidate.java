package io.hiervl.suggest;

import io.hiervl.Content;

/**
 * A photo that could be labelled.
 *
 * @param image        its name in the list
 * @param entropy      of the model, 0 to 1
 * @param disagreement share of pixels, 0 to 1
 * @param shares       predicted share of each class
 * @param embedding    where it lies among photos; of any length
 */
public record Candidate(String image, double entropy, double disagreement, double[] shares, float[] embedding) {
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
