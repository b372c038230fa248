package io.hiervl.model;

import io.hiervl.graph.Initializer;
import io.hiervl.graph.Scope;
import org.nd4j.autodiff.samediff.SDVariable;

/** Multi-scale deformable attention with its projections (Deformable DETR). */
public final class MSDeformAttn {
    private MSDeformAttn() {
    }

    /**
     * Offsets start as rings: head h looks in direction 2 pi h / heads, point p at p + 1 cells (maximum norm); weights
     * start uniform.
     */
    public static void init(Initializer at, int dim, int heads, int levels, int points) {
        int n = heads * levels * points;
        at.values("sampling_offsets.weight", new double[2 * n * dim], true, 2L * n, dim);
        at.values("sampling_offsets.bias", ring(heads, levels, points), false, 2L * n);
        at.values("attention_weights.weight", new double[n * dim], true, n, dim);
        at.constant("attention_weights.bias", 0, n);
        at.xavierLinear("value_proj", dim, dim, true);
        at.xavierLinear("output_proj", dim, dim, true);
    }

    /** In single precision, as Deformable DETR computes it. */
    static double[] ring(int heads, int levels, int points) {
        double[] bias = new double[heads * levels * points * 2];
        int at = 0;
        for (int h = 0; h < heads; h++) {
            float angle = h * (float) (2 * Math.PI / heads);
            float x = (float) Math.cos(angle);
            float y = (float) Math.sin(angle);
            float norm = Math.max(Math.abs(x), Math.abs(y));
            for (int i = 0; i < levels * points; i++) {
                bias[at++] = x / norm * (i % points + 1);
                bias[at++] = y / norm * (i % points + 1);
            }
        }
        return bias;
    }

    /**
     * @param query     (B,Q,D)
     * @param x         (B,N,D), pixels of all levels
     * @param reference (Q,2)
     * @param shapes    {h,w} of each level
     * @return (B,Q,D)
     */
    public static SDVariable apply(Scope s, SDVariable query, SDVariable x, SDVariable reference, int[][] shapes, int heads, int points) {
        // where to look is not rounded: an offset of 64 cells would lose a quarter of a cell
        SDVariable y = s.ops().deformableAttention(s.linear("value_proj", x), s.exact().linear("sampling_offsets", query),
            s.exact().linear("attention_weights", query), reference, shapes, heads, points);
        return s.linear("output_proj", y);
    }
}
