package io.hiervl.suggest;

import io.hiervl.HierVlException;

/**
 * How much each reason counts; all are at least 0 and one is above.
 *
 * @param entropy      the model is unsure
 * @param disagreement the model says something else about the mirror image
 * @param rarity       the photo shows classes that few labelled pixels have
 * @param variety      the photo is unlike those that are labelled or chosen
 */
public record Weights(double entropy, double disagreement, double rarity, double variety) {
    /** Uncertainty and variety count alike; rarity half. */
    public static final Weights USUAL = new Weights(0.5, 0.5, 0.5, 1);

    public Weights {
        for (double w : new double[] {entropy, disagreement, rarity, variety}) {
            if (!(w >= 0) || w > 1000) {
                throw HierVlException.usage("a weight is " + w + ", it must be 0 to 1000");
            }
        }
        if (entropy + disagreement + rarity + variety == 0) {
            throw HierVlException.usage("all weights are 0; one must be above");
        }
    }
}
