package io.hiervl.model;

import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Resize;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A small convolutional network beside the image tower: ViT-Adapter's spatial prior (arXiv 2205.08534) with group norm in place of
 * batch norm. Its maps at strides 4, 8 and 16 (for patches of 16) are added to F_1..F_3. They see edges that patches lose, and
 * they learn from few labels where the tower knows nothing of the photos (docs/paper.md 1.7).
 */
public final class Stem {
    private static final int MAPS = 3;
    /** Channels of a group: single channels would lose their mean. */
    private static final int GROUP = 8;

    private Stem() {
    }

    /** Convolutions of stride 2 before the first map, for the stride patch / 4 or the power of 2 closest to it. */
    private static int halvings(int patch) {
        return Math.max(1, (int) Math.round(Math.log(patch / 4.0) / Math.log(2)));
    }

    /**
     * @param channels of the first map; each further map has twice as many
     * @param patch    of the image tower
     * @param width    of the image tower
     */
    public static void init(Initializer at, int channels, int patch, int width) {
        int layers = halvings(patch);
        conv(at, "down.0", 3, channels);
        conv(at, "same", channels, channels);
        for (int i = 1; i < layers; i++) {
            conv(at, "down." + i, channels, channels);
        }
        for (int i = 1; i < MAPS; i++) {
            conv(at, "map." + i, channels << i - 1, channels << i);
        }
        for (int i = 0; i < MAPS; i++) {
            // from 0 on, so that the network starts as it is without a stem
            at.at("out." + i).values("weight", new double[(channels << i) * width], true, width, channels << i, 1, 1);
            at.constant("out." + i + ".bias", 0, width);
        }
    }

    /** Group norm follows, so the convolution needs no bias. */
    private static void conv(Initializer at, String name, int in, int out) {
        at.at(name).caffeConv("conv", in, out, 3, false);
        at.at(name).norm("norm", out);
    }

    /**
     * @param images (B,3,H,W), normalised
     * @param maps   F_1..F_4
     * @return the same maps, the first three with what the stem sees
     */
    static List<FeatureMap> add(Scope s, SDVariable images, List<FeatureMap> maps, int patch) {
        Ops ops = s.ops();
        SDVariable x = conv(s, "same", conv(s, "down.0", images, 2), 1);
        for (int i = 1; i < halvings(patch); i++) {
            x = conv(s, "down." + i, x, 2);
        }
        List<FeatureMap> sums = new ArrayList<>(maps);
        for (int i = 0; i < MAPS; i++) {
            x = i == 0 ? x : conv(s, "map." + i, x, 2);
            SDVariable out = s.conv("out." + i, x, 1, 0);
            long[] have = ops.shape(out);
            long[] want = ops.shape(maps.get(i).value());
            if (have[2] != want[2] || have[3] != want[3]) {
                // patches that are no power of 2
                out = ops.resize(out, (int) want[2], (int) want[3], Resize.BILINEAR);
            }
            sums.set(i, FeatureMap.of(ops.add(maps.get(i).value(), out)));
        }
        ops.endOfBlock(sums.get(MAPS - 1).value());
        return sums;
    }

    private static SDVariable conv(Scope s, String name, SDVariable x, int stride) {
        Scope at = s.at(name);
        SDVariable y = at.conv("conv", x, stride, 1);
        return s.ops().activation(at.groupNorm("norm", y, (int) (s.ops().shape(y)[1] / GROUP)), Activation.RELU);
    }
}
