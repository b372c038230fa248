package io.hiervl.loss;

import io.hiervl.op.kernel.Matching;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Fixed matching of a whole labelled batch with the denominators of the set loss, computed before the batch is split.
 *
 * @param rowClass (B,Q)
 * @param slots    (B,H/4,W/4)
 * @param presence (B,K)
 * @param norms    (3): 1 / sum of class weights, 1 / number of matched rows, 1 / number of rows without target; at least one
 *                 is counted everywhere
 */
public record SetTargets(INDArray rowClass, INDArray slots, INDArray presence, INDArray norms) {
    /** Stride of mask logits and components. */
    public static final int STRIDE = 4;

    private static final double CELLS_OF_512 = 128 * 128;

    /**
     * The rules for a crop.
     *
     * @param minCells smallest component in cells of a 512 crop; scaled with the area of the crop, at least 2
     * @param things   classes whose components get slots, null for all
     */
    public static Matching matching(int classes, int levels, int visual, int minCells, boolean[] things, int height, int width) {
        double cells = (double) height / STRIDE * width / STRIDE;
        return new Matching(classes, levels, visual, STRIDE, Math.max(2, (int) Math.ceil(minCells * cells / CELLS_OF_512)), things);
    }

    /**
     * Targets of labels (B,H,W).
     *
     * @param noObjectWeight class weight of rows without target, or 0 if there is no no-object class
     */
    public static SetTargets of(INDArray labels, Matching matching, double noObjectWeight) {
        int batch = (int) labels.size(0);
        int h = (int) labels.size(1);
        int w = (int) labels.size(2);
        double[] l = Maps.read(labels);
        double[][] rows = new double[batch][];
        double[][] slots = new double[batch][];
        double[][] presence = new double[batch][];
        double weights = 0;
        int matched = 0;
        int empty = 0;
        for (int b = 0; b < batch; b++) {
            Matching.Targets t = matching.match(Arrays.copyOfRange(l, b * h * w, (b + 1) * h * w), h, w);
            rows[b] = Arrays.stream(t.rowClass()).asDoubleStream().toArray();
            slots[b] = Arrays.stream(t.slots()).asDoubleStream().toArray();
            presence[b] = Arrays.stream(t.presence()).asDoubleStream().toArray();
            for (int c : t.rowClass()) {
                if (c == matching.classes()) {
                    empty++;
                    weights += noObjectWeight;
                } else if (c >= 0) {
                    matched++;
                    weights++;
                }
            }
        }
        double[] norms = {weights == 0 ? 1 : 1 / weights, 1.0 / Math.max(1, matched), 1.0 / Math.max(1, empty)};
        return new SetTargets(Maps.array(labels.dataType(), join(rows), batch, matching.rows()),
            Maps.array(labels.dataType(), join(slots), batch, matching.cells(h), matching.cells(w)),
            Maps.array(labels.dataType(), join(presence), batch, matching.classes()), Maps.array(labels.dataType(), norms, 3));
    }

    private static double[] join(double[][] parts) {
        return Arrays.stream(parts).flatMapToDouble(Arrays::stream).toArray();
    }
}
