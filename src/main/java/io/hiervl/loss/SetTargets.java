package io.hiervl.loss;

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
        int classes = (int) presence.size(1);
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
        double[] norms = {weights == 0 ? 1 : 1 / weights, 1.0 / Math.max(1, matched), 1.0 / Math.max(1, empty)};
        return new SetTargets(rowClass, slots, presence, Maps.array(rowClass.dataType(), norms, 3));
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
    public int[] matched() {
        int rows = (int) rowClass.size(1);
        int[] n = new int[(int) rowClass.size(0)];
        double[] c = Maps.read(rowClass);
        for (int i = 0; i < c.length; i++) {
            n[i / rows] += Maps.isClass(c[i], (int) presence.size(1)) ? 1 : 0;
        }
        return n;
    }
}
