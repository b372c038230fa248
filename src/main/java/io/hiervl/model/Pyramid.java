package io.hiervl.model;

import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Activation;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Four maps F_1..F_4 at strides patch/4, patch/2, patch and 2 patch from four taps of the image tower: tqdm's pyramid with
 * GroupNorm(1) in front of each tap and group norm in place of batch norm (docs/paper.md 1.3).
 */
final class Pyramid {
    static final int LEVELS = 4;

    private Pyramid() {
    }

    /** @param width of the taps */
    static void init(Initializer at, int width) {
        for (int i = 0; i < LEVELS; i++) {
            at.norm("norm." + i, width);
        }
        at.up("up4a", width, width);
        at.norm("up4_norm", width);
        at.up("up4b", width, width);
        at.up("up8", width, width);
    }

    /**
     * @param taps   four maps (B,C,h,w)
     * @param groups of the norm between the two transposed convolutions
     * @return (B,C,4h,4w), (B,C,2h,2w), (B,C,h,w), (B,C,h/2,w/2)
     */
    static List<FeatureMap> apply(Scope s, List<SDVariable> taps, int groups) {
        Ops ops = s.ops();
        SDVariable up = s.up("up4a", s.groupNorm("norm.0", taps.get(0), 1));
        SDVariable half = ops.activation(s.groupNorm("up4_norm", up, groups), Activation.GELU);
        FeatureMap f1 = FeatureMap.upsampled(half, s.at("up4b"));
        FeatureMap f2 = FeatureMap.upsampled(s.groupNorm("norm.1", taps.get(1), 1), s.at("up8"));
        SDVariable f3 = s.groupNorm("norm.2", taps.get(2), 1);
        SDVariable f4 = ops.maxPool2x2(s.groupNorm("norm.3", taps.get(3), 1));
        ops.endOfBlock(f4);
        return List.of(f1, f2, FeatureMap.of(f3), FeatureMap.of(f4));
    }
}
