package io.hiervl.graph;

import io.hiervl.backend.Backend;
import io.hiervl.tensor.Precision;

/**
 * Where and how graphs compute what their layers say.
 *
 * @param backend   memory and kernels of graphs of 32-bit floats
 * @param products  arithmetic of dense products, except where a layer asks for {@link Ops#exact}
 * @param recompute activations inside a block ({@link Ops#endOfBlock}) are computed again in the backward pass instead of
 *                  being kept for it: less memory, about a fifth more time
 */
public record Compute(Backend backend, Precision products, boolean recompute) {
    /** 32 bits, everything kept. */
    public static Compute plain(Backend backend) {
        return new Compute(backend, Precision.FP32, false);
    }
}
