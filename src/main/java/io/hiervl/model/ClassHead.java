package io.hiervl.model;

import io.hiervl.graph.Initializer;
import io.hiervl.graph.Scope;
import org.nd4j.autodiff.samediff.SDVariable;

/** Class logits of every row: K, and one more for "no object" unless the paper's literal head is wanted (docs/paper.md 6.2). */
public final class ClassHead {
    private ClassHead() {
    }

    public static void init(Initializer at, String name, int dim, int classes, boolean noObject) {
        at.linear(name, dim, classes + (noObject ? 1 : 0));
    }

    /** (B,Q,D) to (B,Q,K) or (B,Q,K+1). */
    public static SDVariable apply(Scope s, String name, SDVariable q) {
        return s.linear(name, q);
    }
}
