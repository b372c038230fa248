package io.hiervl.graph;

import io.hiervl.tensor.Precision;

/**
 * How graphs compute what their layers say.
 *
 * @param products  arithmetic of dense products, except where a layer asks for {@link Ops#exact}
 * @param recompute activations inside a block ({@link Ops#endOfBlock}) are computed again in the backward pass instead of
 *                  being kept for it: less memory, about a fifth more time
 */
public record Compute(Precision products, boolean recompute) {
    /** 32 bits, everything kept. */
    public static final Compute PLAIN = new Compute(Precision.FP32, false);
}
