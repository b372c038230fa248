package io.hiervl.model;

import io.hiervl.graph.Ops;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * How present every class is thought to be, and what the rows of a class may do (docs/paper.md 3.2 to 3.4).
 *
 * @param logit   (B,K), W sim + b, before any ground truth
 * @param s       (B,K) in [0,1]: ground truth where it is used, else sigmoid(logit). It scales queries and, in equation 1,
 *                their update; for ground truth it is 0 or 1
 * @param keyBias (B,K), additive bias wherever the class's text rows are keys: log(s + 1e-4) if asked for, and a large
 *                negative number for rows that ground truth switches off
 */
public record Gate(SDVariable logit, SDVariable s, SDVariable keyBias) {
    /** Logit of a key that must not be attended to; exp of it is 0 in single precision. */
    static final double OFF = -1e4;

    /** The key bias for rows of all levels, level-major: (B,L*K). */
    SDVariable keyBias(Ops ops, int levels) {
        return repeat(ops, keyBias, levels);
    }

    /** s for rows of all levels, level-major: (B,L*K). */
    SDVariable s(Ops ops, int levels) {
        return repeat(ops, s, levels);
    }

    private static SDVariable repeat(Ops ops, SDVariable x, int levels) {
        SDVariable[] copies = new SDVariable[levels];
        java.util.Arrays.fill(copies, x);
        return levels == 1 ? x : ops.concat(1, copies);
    }
}
