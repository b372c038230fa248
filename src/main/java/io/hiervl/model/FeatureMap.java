package io.hiervl.model;

import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Activation;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A map of the pyramid. The two fine ones come from a transposed convolution, and the pixel decoder reads them by a 1x1 convolution
 * alone. Both are linear, so the product of their weights does the same in one step from the coarser map (docs/paper.md 1.3). For a
 * ViT-B/16 that takes a third of the operations, and the widest map of the network, with its gradient, is never made.
 */
public final class FeatureMap {
    private final SDVariable coarse;
    private final Scope up;
    private SDVariable value;

    private FeatureMap(SDVariable value, SDVariable coarse, Scope up) {
        this.value = value;
        this.coarse = coarse;
        this.up = up;
    }

    /** @param value (B,C,h,w) */
    public static FeatureMap of(SDVariable value) {
        return new FeatureMap(value, null, null);
    }

    /**
     * The map that a transposed convolution makes.
     *
     * @param coarse (B,C,h/2,w/2)
     * @param up     with its weight (C,C,2,2) and bias (C)
     */
    static FeatureMap upsampled(SDVariable coarse, Scope up) {
        return new FeatureMap(null, coarse, up);
    }

    /** The map itself (B,C,h,w), made at the first call. */
    public SDVariable value() {
        if (value == null) {
            value = up.ops().upConv2x2(coarse, up.get("weight"), up.get("bias"));
        }
        return value;
    }

    /**
     * 1x1 convolution of the map.
     *
     * @param conv with its weight (D,C,1,1), and a bias (D) or none
     * @return (B,D,h,w)
     */
    SDVariable projected(Scope conv) {
        SDVariable w = conv.get("weight");
        SDVariable b = conv.has("bias") ? conv.get("bias") : null;
        Ops ops = conv.ops();
        long d = ops.shape(w)[0];
        if (value != null || d >= positions(ops)) {
            return ops.conv2d(value(), w, b, 1, 0);
        }
        // the product of weights is made in 32 bits: it is rounded once, as the weights would be
        Ops exact = ops.exact();
        long c = ops.shape(w)[1];
        SDVariable rows = ops.reshape(w, d, c);
        SDVariable weight = exact.linear(exact.permute(up.get("weight"), 0, 2, 3, 1), rows, null, Activation.NONE);
        SDVariable bias = exact.linear(exact.reshape(up.get("bias"), 1, c), rows, b, Activation.NONE);
        return ops.upConv2x2(coarse, exact.permute(weight, 0, 3, 1, 2), exact.reshape(bias, d));
    }

    /** Pixels of the coarser map of one image: with few of them the product of the weights would cost more than it saves. */
    private long positions(Ops ops) {
        long[] s = ops.shape(coarse);
        return s[2] * s[3];
    }
}
