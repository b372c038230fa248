package io.hiervl.model;

import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Activation;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Dynamic mask head: theta_i = MLP(q_i) or q_i + MLP(q_i), M_i(x,y) = theta_i . F_pixel(x,y) (docs/paper.md 6.1); without an MLP
 * theta_i = q_i.
 */
final class MaskHead {
    private MaskHead() {
    }

    /** @param residual whether the last layer starts at zero, so that a query begins as its own kernel */
    static void init(Initializer at, int dim, boolean residual) {
        for (int i = 0; i < 3; i++) {
            at.linear(Integer.toString(i), dim, dim);
        }
        if (residual) {
            at.zero("2.weight");
            at.zero("2.bias");
        }
    }

    /** Kernels theta (B,Q,D) of normalised queries (B,Q,D). */
    static SDVariable kernels(Scope s, SDVariable q, boolean residual) {
        if (!s.has("0.weight")) {
            return q;
        }
        SDVariable mlp = s.linear("2", s.linear("1", s.linear("0", q, Activation.RELU), Activation.RELU));
        return residual ? s.ops().add(q, mlp) : mlp;
    }

    /** Mask logits (B,Q,H,W) from kernels (B,Q,D) and a feature map (B,D,H,W). */
    static SDVariable masks(Ops ops, SDVariable kernels, SDVariable feature) {
        long[] f = ops.shape(feature);
        SDVariable flat = ops.bmm(kernels, ops.reshape(feature, f[0], f[1], f[2] * f[3]), false, false);
        return ops.reshape(flat, f[0], ops.shape(kernels)[1], f[2], f[3]);
    }
}
