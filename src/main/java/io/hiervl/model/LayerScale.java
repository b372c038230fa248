package io.hiervl.model;

import io.hiervl.graph.Initializer;
import io.hiervl.graph.Scope;
import org.nd4j.autodiff.samediff.SDVariable;

/** A learnable factor for each channel of what a part adds (docs/paper.md 4.4), small at the start. Models may lack it. */
final class LayerScale {
    private static final String NAME = "layer_scale.";

    private LayerScale() {
    }

    /** @param start its first value; 0: the layer has none */
    static void init(Initializer at, int dim, double start, String... parts) {
        for (String part : parts) {
            if (start > 0) {
                at.constant(NAME + part, start, dim);
            }
        }
    }

    /** x + factor y, or x + y in a layer without a factor. */
    static SDVariable add(Scope s, String part, SDVariable x, SDVariable y) {
        return s.ops().add(x, s.has(NAME + part) ? s.ops().mul(y, s.get(NAME + part)) : y);
    }
}
