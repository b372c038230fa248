package io.hiervl.model;

import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Resize;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A small U-Net (arXiv 1505.04597) beside HierVL's rows, with strided convolutions in place of pooling and batch norm ({@link BatchNorm}).
 * It learns from few labels what photos look like that the image tower does not know. Its class logits u and S are joined as a product of
 * experts, S' = softmax(w log(S + 0.02) + u) (docs/paper.md 1.8). u starts at 0 and w at 1, where S' is nearly S divided by its sum.
 */
final class UNet {
    /** Strides 2, 4, 8 and 16. */
    private static final int STAGES = 4;
    /** Added to S before its logarithm: rows that are sure of a class's absence leave the U-Net a say. */
    private static final double DOUBT = 0.02;

    private UNet() {
    }

    /**
     * @param channels at stride 2; each further stride has twice as many
     * @param classes  K
     */
    static void init(Initializer at, int channels, int classes) {
        for (int i = 0; i < STAGES; i++) {
            conv(at, "down." + i, i == 0 ? 3 : channels << i - 1, channels << i);
            conv(at, "same." + i, channels << i, channels << i);
        }
        for (int i = STAGES - 2; i >= 0; i--) {
            conv(at, "up." + i, 3 * (channels << i), channels << i);
        }
        at.at("classes").values("weight", new double[classes * channels], true, classes, channels, 1, 1);
        at.constant("classes.bias", 0, classes);
        at.constant("trust", 1, classes);
    }

    /** Channels of the maps of {@link #encode}. */
    static List<Integer> channels(int first) {
        return IntStream.range(0, STAGES).mapToObj(i -> first << i).toList();
    }

    /**
     * What the U-Net says of an image.
     *
     * @param logits u (B,K,H/2,W/2)
     * @param trust  w (K): how much the rows count for a class
     */
    record Output(SDVariable logits, SDVariable trust) {
    }

    /** Batch norm follows, so the convolution needs no bias. */
    private static void conv(Initializer at, String name, int in, int out) {
        at.at(name).caffeConv("conv", in, out, 3, false);
        BatchNorm.init(at.at(name), out);
    }

    /**
     * Maps at strides 2, 4, 8 and 16.
     *
     * @param images (B,3,H,W), normalised
     * @param norm   batch norm of this pass
     */
    static List<SDVariable> encode(Scope s, SDVariable images, BatchNorm norm) {
        List<SDVariable> skips = new ArrayList<>();
        SDVariable x = images;
        for (int i = 0; i < STAGES; i++) {
            x = conv(s, "same." + i, conv(s, "down." + i, x, 2, norm), 1, norm);
            skips.add(x);
        }
        return skips;
    }

    /** @param skips maps of {@link #encode} */
    static Output decode(Scope s, List<SDVariable> skips, BatchNorm norm) {
        Ops ops = s.ops();
        SDVariable x = skips.get(STAGES - 1);
        for (int i = STAGES - 2; i >= 0; i--) {
            SDVariable skip = skips.get(i);
            long[] size = ops.shape(skip);
            x = conv(s, "up." + i, ops.concat(1, skip, ops.resize(x, (int) size[2], (int) size[3], Resize.BILINEAR)), 1, norm);
        }
        return new Output(s.conv("classes", x, 1, 0), s.get("trust"));
    }

    private static SDVariable conv(Scope s, String name, SDVariable x, int stride, BatchNorm norm) {
        return s.ops().activation(norm.conv(s.at(name), x, stride), Activation.RELU);
    }

    /** S' (B,K,H,W) without rows: softmax(u). */
    static SDVariable alone(Ops ops, Output unet) {
        long[] size = ops.shape(unet.logits);
        return ops.toMap(ops.softmax(ops.toTokens(unet.logits)), (int) size[2], (int) size[3]);
    }

    /**
     * The product of both experts.
     *
     * @param s    S (B,K,h,w) of the rows, resized to the size of u
     * @param unet its logits u (B,K,H,W)
     * @return S' (B,K,H,W), 1 in sum over the classes
     */
    static SDVariable join(Ops ops, SDVariable s, Output unet) {
        long[] size = ops.shape(unet.logits);
        SDVariable rows = ops.log(ops.toTokens(ops.resize(s, (int) size[2], (int) size[3], Resize.BILINEAR)), DOUBT);
        SDVariable joined = ops.add(ops.mul(rows, unet.trust), ops.toTokens(unet.logits));
        return ops.toMap(ops.softmax(joined), (int) size[2], (int) size[3]);
    }
}
