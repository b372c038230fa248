package io.hiervl.model;

import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore.Group;
import io.hiervl.graph.Scope;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A convolution with batch norm (arXiv 1502.03167) at {@code name/conv} and {@code name/norm}. In training each channel is normalised over
 * the images of a pass. For predictions the store holds the mean and 1 / deviation of every channel, which {@link UNetStatistics} measures
 * (precise batch norm, arXiv 2105.07576); they are multiplied into the convolution.
 */
final class BatchNorm {
    private static final double EPS = 1e-5;
    private static final String WEIGHT = "conv.weight";
    private static final String MEAN = "norm.mean";
    private static final String INVERSE = "norm.inverse_deviation";

    private final boolean ofBatch;
    private final List<Layer> layers = new ArrayList<>();

    /**
     * A layer of a pass.
     *
     * @param place its full name
     * @param input what is normalised, (B,C,h,w)
     */
    record Layer(String place, SDVariable input) {
        String mean() {
            return place + "." + MEAN;
        }

        String inverse() {
            return place + "." + INVERSE;
        }
    }

    private BatchNorm(boolean ofBatch) {
        this.ofBatch = ofBatch;
    }

    /** With the statistics of the images of the pass. */
    static BatchNorm ofBatch() {
        return new BatchNorm(true);
    }

    /** With the statistics of the store. */
    static BatchNorm stored() {
        return new BatchNorm(false);
    }

    /** Whether a parameter of this name is a statistic. */
    static boolean measured(String name) {
        return name.endsWith("." + MEAN) || name.endsWith("." + INVERSE);
    }

    static double inverse(double variance) {
        return 1 / Math.sqrt(Math.max(0, variance) + EPS);
    }

    static void init(Initializer at, int channels) {
        at.norm("norm", channels);
        at.in(Group.FROZEN).constant(MEAN, 0, channels);
        at.in(Group.FROZEN).constant(INVERSE, 1, channels);
    }

    /** The layers of the passes so far that looked at their batch. */
    List<Layer> layers() {
        return List.copyOf(layers);
    }

    /** Convolution of 3x3 with padding 1 and norm. */
    SDVariable conv(Scope at, SDVariable x, int stride) {
        Ops ops = at.ops();
        if (ofBatch) {
            SDVariable y = at.conv("conv", x, stride, 1);
            layers.add(new Layer(at.prefix(), y));
            long[] s = ops.shape(y);
            // the images side by side are one image, of which every channel is a group
            SDVariable one = ops.reshape(ops.permute(y, 1, 0, 2, 3), 1, s[1], s[0] * s[2], s[3]);
            SDVariable normalised = ops.reshape(at.groupNorm("norm", one, (int) s[1]), s[1], s[0], s[2], s[3]);
            return ops.permute(normalised, 1, 0, 2, 3);
        }
        SDVariable factor = ops.mul(at.get("norm.weight"), at.get(INVERSE));
        SDVariable shift = ops.add(at.get("norm.bias"), ops.scale(ops.mul(at.get(MEAN), factor), -1, 0));
        SDVariable weight = ops.mul(at.get(WEIGHT), ops.reshape(factor, ops.shape(factor)[0], 1, 1, 1));
        return ops.conv2d(x, weight, shift, stride, 1);
    }
}
