package io.hiervl.loss;

import io.hiervl.Content;
import io.hiervl.backend.Matching;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What the set loss of a whole batch aims at, with its denominators, computed before the batch is split.
 *
 * @param rowClass (B,Q)
 * @param slots    (B,cells,cells)
 * @param presence (B,K)
 * @param norms    (3): 1 / sum of class weights, 1 / number of matched rows, 1 / number of rows without target; at least one
 *                 is counted everywhere
 */
public record SetTargets(INDArray rowClass, INDArray slots, INDArray presence, INDArray norms) {

    /** @param noObjectWeight class weight of rows without target, or 0 if there is no no-object class */
    static SetTargets of(INDArray rowClass, INDArray slots, INDArray presence, double noObjectWeight) {
        Counts n = Counts.of(rowClass, (int) presence.size(1), noObjectWeight);
        double[] norms = {n.weights == 0 ? 1 : 1 / n.weights, 1.0 / Math.max(1, n.matched), 1.0 / Math.max(1, n.empty)};
        return new SetTargets(rowClass, slots, presence, Maps.array(rowClass.dataType(), norms, 3));
    }

    /**
     * What {@link #norms} divide by.
     *
     * @param weights sum of class weights
     * @param matched rows with a target
     * @param empty   rows without one
     */
    record Counts(double weights, int matched, int empty) {
        private static Counts of(INDArray rowClass, int classes, double noObjectWeight) {
            double weights = 0;
            int matched = 0;
            int empty = 0;
            for (double c : Maps.read(rowClass)) {
                if (c == classes) {
                    empty++;
                    weights += noObjectWeight;
                } else if (c >= 0) {
                    matched++;
                    weights++;
                }
            }
            return new Counts(weights, matched, empty);
        }
    }

    /** @param noObjectWeight as the targets were made with */
    Counts counts(double noObjectWeight) {
        return Counts.of(rowClass, (int) presence.size(1), noObjectWeight);
    }

    /** Whether each image has a pixel with a class. */
    public boolean[] valid() {
        int rows = (int) rowClass.size(1);
        boolean[] valid = new boolean[(int) rowClass.size(0)];
        double[] c = Maps.read(rowClass);
        for (int i = 0; i < c.length; i++) {
            valid[i / rows] |= c[i] != Matching.NOT_COUNTED;
        }
        return valid;
    }

    /** Matched rows of every image. */
    int[] matched() {
        int rows = (int) rowClass.size(1);
        int[] n = new int[(int) rowClass.size(0)];
        double[] c = Maps.read(rowClass);
        for (int i = 0; i < c.length; i++) {
            n[i / rows] += Maps.isClass(c[i], (int) presence.size(1)) ? 1 : 0;
        }
        return n;
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
