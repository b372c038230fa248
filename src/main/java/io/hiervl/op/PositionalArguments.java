package io.hiervl.op;

import io.hiervl.backend.jvm.GateBceKernel;
import io.hiervl.backend.jvm.MaskedPatchesKernel;
import io.hiervl.backend.jvm.PixelCrossEntropyKernel;
import io.hiervl.backend.jvm.PixelEntropyKernel;
import io.hiervl.backend.jvm.PromptAnchorKernel;
import io.hiervl.backend.jvm.PromptTopologyKernel;
import io.hiervl.backend.jvm.QueryTextKernel;
import io.hiervl.backend.jvm.SetLossKernel;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Resize;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Ops of files before version 0.2, whose attributes were integer and floating arguments by position, enums by ordinal. Only forward ops are
 * in files: SameDiff derives the others when it needs them. The orders of enums are those of that version.
 */
final class PositionalArguments {
    /** An op was called after its type, a number behind it, and a path before it where graphs had scopes. */
    private static final Pattern NAME = Pattern.compile("(?:.*/)?(hiervl_.*?)(?:_\\d+)?");
    private static final Activation[] ACTIVATIONS =
        {Activation.NONE, Activation.RELU, Activation.GELU, Activation.QUICK_GELU, Activation.SIGMOID};
    private static final Resize[] RESIZES = {Resize.BILINEAR, Resize.BICUBIC, Resize.NEAREST};
    private static final Precision[] PRECISIONS = {Precision.FP32, Precision.BF16};

    private final long[] ints;
    private final double[] reals;

    private PositionalArguments(long[] ints, double[] reals) {
        this.ints = ints;
        this.reals = reals;
    }

    /**
     * @param node name of the op in its graph, which tells the type
     * @throws IllegalArgumentException if there was no such op, or arguments are missing
     */
    static Op read(String node, long[] ints, double[] reals) {
        Matcher m = NAME.matcher(node);
        if (!m.matches()) {
            throw new IllegalArgumentException("the op " + node + " has no type");
        }
        try {
            return new PositionalArguments(ints, reals).op(m.group(1));
        } catch (IndexOutOfBoundsException | ArithmeticException e) {
            throw new IllegalArgumentException(
                "the op " + node + " has arguments " + Arrays.toString(ints) + " and " + Arrays.toString(reals), e);
        }
    }

    private int integer(int i) {
        return Math.toIntExact(ints[i]);
    }

    private boolean flag(int i) {
        return ints[i] != 0;
    }

    /** Missing in the oldest files. */
    private Precision precision(int i) {
        return i < ints.length ? PRECISIONS[integer(i)] : Precision.FP32;
    }

    private int[] integers(int from) {
        return Arrays.stream(ints, from, ints.length).mapToInt(Math::toIntExact).toArray();
    }

    /** One of several shapes, each with its rank before it. */
    private long[] shape(int which) {
        int at = 0;
        for (int i = 0; i < which; i++) {
            at += 1 + integer(at);
        }
        return Arrays.copyOfRange(ints, at + 1, at + 1 + integer(at));
    }

    private boolean[] flags(int from, int n) {
        boolean[] flags = new boolean[n];
        for (int i = 0; i < n; i++) {
            flags[i] = flag(from + i);
        }
        return flags;
    }

    private Op op(String name) {
        return switch (name) {
            case "hiervl_linear" -> new Linear(ACTIVATIONS[integer(0)], flag(1), precision(2));
            case "hiervl_bmm" -> new BatchedMatmul(flag(0), flag(1), precision(2));
            case "hiervl_attention" -> new Attention(integer(0), flag(1), flag(2), flag(3), precision(4));
            case "hiervl_packed_attention" -> new PackedAttention(integer(0), flag(1), precision(2));
            case "hiervl_conv2d" -> new Conv2d(integer(0), integer(1), flag(2), precision(3));
            case "hiervl_upconv2x2" -> new UpConv2x2(precision(0));
            case "hiervl_layer_norm" -> new LayerNorm(reals[0]);
            case "hiervl_group_norm" -> new GroupNorm(integer(0), reals[0]);
            case "hiervl_activation" -> new ActivationOp(ACTIVATIONS[integer(0)], precision(1));
            case "hiervl_softmax" -> new Softmax();
            case "hiervl_l2_normalize" -> new L2Normalize(reals[0]);
            case "hiervl_log" -> new Log(reals[0]);
            case "hiervl_maxpool2x2" -> new MaxPool2x2();
            case "hiervl_resize" -> new Interpolate(integer(0), integer(1), RESIZES[integer(2)]);
            case "hiervl_add" -> new Add(shape(0), shape(1));
            case "hiervl_mul" -> new Mul();
            case "hiervl_scale" -> new Scale(reals[0], reals[1]);
            case "hiervl_broadcast" -> new Repeat(shape(0), shape(1));
            case "hiervl_reshape" -> new Reshape(shape(0), shape(1));
            case "hiervl_rename" -> new Rename();
            case "hiervl_stop_gradient" -> new StopGradient();
            case "hiervl_concat" -> new Concat(integer(0), Arrays.copyOfRange(ints, 1, ints.length));
            case "hiervl_slice" -> new Slice(integer(0), ints[1], ints[2], ints[3]);
            case "hiervl_permute" -> new Permute(integers(0));
            case "hiervl_sum" -> new Sum(shape(0));
            case "hiervl_given_gradient" -> new GivenGradient();
            case "hiervl_weighted_sum" -> new WeightedSum();
            case "hiervl_attention_mask" -> new AttentionMask(integer(0), integer(1));
            case "hiervl_deformable_attention" -> new DeformableAttention(integer(0), integer(1), integers(2));
            case "hiervl_point_sample" -> new PointSample();
            case "hiervl_fixed_matching" ->
                new FixedMatching(integer(0), integer(1), integer(2), integer(3), integer(4), flags(5, integer(0)));
            case "hiervl_confident_rows" -> new ConfidentRows(integer(0), reals[0]);
            default -> loss(name);
        };
    }

    private Op loss(String name) {
        return new Loss(switch (name) {
            case "hiervl_gate_bce" -> new GateBceKernel();
            case "hiervl_masked_patches" -> new MaskedPatchesKernel(reals[0],
                flag(0) ? MaskedPatchesKernel.Equation.TEXT : MaskedPatchesKernel.Equation.CONSISTENCY);
            case "hiervl_pixel_cross_entropy" -> new PixelCrossEntropyKernel();
            case "hiervl_pixel_entropy" -> new PixelEntropyKernel(reals[0]);
            case "hiervl_prompt_anchor" -> new PromptAnchorKernel(reals[0], integer(0), flag(1), reals[1], reals[2]);
            case "hiervl_prompt_topology" -> new PromptTopologyKernel(reals[0]);
            case "hiervl_query_text" -> new QueryTextKernel(flag(0), flag(1));
            case "hiervl_set_loss" ->
                new SetLossKernel(integer(0), integer(1), integer(2), integer(3), reals[0], flag(4), reals[1], integer(5));
            default -> throw new IllegalArgumentException("there is no op " + name);
        });
    }
}
