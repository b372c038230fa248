package io.hiervl.model;

import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Cross-Modal Spatial Alignment, Equation 1 of the paper: text rows gather pixels,
 * alpha = softmax_p((W_Q q)^T (W_K x_p) / sqrt(d)), c = sum_p alpha W_V x_p, q^ = q + s c. The inputs are layer-normalised
 * unless the literal reading is asked for, in which the update is not scaled either (docs/paper.md 4.2, 4.3).
 */
final class CMSAM {
    /**
     * @param queries (B,R,D), updated
     * @param alpha   (B,R,N), where every row looks
     */
    record Output(SDVariable queries, SDVariable alpha) {
    }

    private CMSAM() {
    }

    /**
     * @param d    width of the projections W_Q and W_K
     * @param zero whether W_V starts at zero, so that rows stay what they are in the first step
     */
    static void init(Initializer at, int dim, int d, boolean zero) {
        at.xavierLinear("W_Q", dim, d, false);
        at.xavierLinear("W_K", dim, d, false);
        at.xavierLinear("W_V", dim, dim, false);
        if (zero) {
            at.zero("W_V.weight");
        }
        at.norm("ln_q", dim);
        at.norm("ln_x", dim);
    }

    /** The pixels as equation 1 sees them: (B,N,D). */
    static SDVariable pixels(Scope s, SDVariable x, boolean literal) {
        return literal ? x : s.layerNorm("ln_x", x);
    }

    /** Their keys W_K x: (B,N,d). */
    static SDVariable keys(Scope s, SDVariable pixels) {
        return s.linear("W_K", pixels);
    }

    /**
     * @param q      (B,R,D)
     * @param pixels (B,N,D), from {@link #pixels}
     * @param keys   (B,N,d), from {@link #keys}
     * @param factor (B,R), multiplies the update; ignored in the literal reading
     */
    static Output apply(Scope s, SDVariable q, SDVariable pixels, SDVariable keys, SDVariable factor, boolean literal) {
        Ops ops = s.ops().exact();
        long[] shape = ops.shape(q);
        double d = ops.shape(keys)[2];
        SDVariable rows = s.linear("W_Q", literal ? q : s.layerNorm("ln_q", q));
        SDVariable alpha = ops.softmax(ops.scale(ops.bmm(rows, keys, false, true), 1 / Math.sqrt(d), 0));
        // sum_p alpha W_V x_p = W_V sum_p alpha x_p, with K instead of N products
        SDVariable c = s.linear("W_V", ops.bmm(alpha, pixels, false, false));
        SDVariable update = literal ? c : ops.mul(c, ops.reshape(factor, shape[0], shape[1], 1));
        return new Output(ops.add(q, update), alpha);
    }
}
