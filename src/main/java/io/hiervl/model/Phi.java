package io.hiervl.model;

import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Activation;
import org.nd4j.autodiff.samediff.SDVariable;

/** The paper's two maps called Phi. */
public final class Phi {
    private static final double NORMALISE_EPS = 1e-20;

    private Phi() {
    }

    /** Phi of equation 2, from queries to the joint space: D to C. */
    static void initQuery(Initializer at, int dim, int joint) {
        at.linear("0", dim, joint);
        at.linear("2", joint, joint);
    }

    /** (..., D) to (..., C), not normalised. */
    public static SDVariable query(Scope s, SDVariable q) {
        return s.linear("2", s.linear("0", q, Activation.RELU));
    }

    /** Phi of equation 4, a residual map of text embeddings that starts as the identity. */
    static void initText(Initializer at, int joint) {
        at.linear("0", joint, joint);
        at.values("2.weight", new double[joint * joint], true, joint, joint);
        at.constant("2.bias", 0, joint);
    }

    /** (K,C) to (K,C), unit length. */
    public static SDVariable text(Scope s, SDVariable t) {
        Ops ops = s.ops();
        return ops.l2Normalize(ops.add(t, s.linear("2", s.linear("0", t, Activation.RELU))), NORMALISE_EPS);
    }

    /** (K,C) to (K,C) by the two layers alone, as equation 4 is printed. */
    public static SDVariable textLiteral(Scope s, SDVariable t) {
        return s.linear("2", s.linear("0", t, Activation.RELU));
    }
}
