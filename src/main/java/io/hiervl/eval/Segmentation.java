package io.hiervl.eval;

import io.hiervl.image.LabelMap;

/**
 * The best class of every pixel and its score.
 *
 * @param labels class indices
 * @param score  score of that class, rows from top to bottom, in the unit of the model
 */
public record Segmentation(LabelMap labels, float[] score) {
    public Segmentation {
        if (score.length != labels.values().length) {
            throw new IllegalArgumentException(score.length + " scores for " + labels.values().length + " pixels");
        }
    }
}
