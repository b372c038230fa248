package io.hiervl.model;

import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Activation;
import org.nd4j.autodiff.samediff.SDVariable;

/** Dynamic mask head: theta_i = MLP(q_i), M_i(x,y) = theta_i . F_pixel(x,y) (docs/paper.md 6.1); without an MLP theta_i = q_i. */
final class MaskHead {
    private MaskHead() {
    }

    static void init(Initializer at, int dim) {
        for (int i = 0; i < 3; i++) {
            at.linear(Integer.toString(i), dim, dim);
        }
    }

    /** Kernels theta (B,Q,D) of normalised queries (B,Q,D). */
    static SDVariable kernels(Scope s, SDVariable q) {
        return !s.has("0.weight") ? q : s.linear("2", s.linear("1", s.linear("0", q, Activation.RELU), Activation.RELU));
    }

    /** Mask logits (B,Q,H,W) from kernels (B,Q,D) and a feature map (B,D,H,W). */
    static SDVariable masks(Ops ops, SDVariable kernels, SDVariable feature) {
        long[] f = ops.shape(feature);
        SDVariable flat = ops.bmm(kernels, ops.reshape(feature, f[0], f[1], f[2] * f[3]), false, false);
        return ops.reshape(flat, f[0], ops.shape(kernels)[1], f[2], f[3]);
    }
}
