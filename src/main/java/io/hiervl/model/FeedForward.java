package io.hiervl.model;

import io.hiervl.graph.Initializer;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Activation;
import org.nd4j.autodiff.samediff.SDVariable;

/** fc2(relu(fc1(x))) of a transformer layer; parameters lie in the layer's own scope. */
final class FeedForward {
    private FeedForward() {
    }

    static void init(Initializer at, int dim, int hidden) {
        at.xavierLinear("fc1", dim, hidden, true);
        at.xavierLinear("fc2", hidden, dim, true);
    }

    static SDVariable apply(Scope s, SDVariable x) {
        return s.linear("fc2", s.linear("fc1", x, Activation.RELU));
    }
}
