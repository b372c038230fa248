package io.hiervl.op;

import static io.hiervl.GoldenSuite.ALL;
import static io.hiervl.GoldenSuite.FUSED;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.GoldenFixtures.Case;
import io.hiervl.GoldenSuite;
import io.hiervl.GoldenSuite.Setting;
import io.hiervl.backend.jvm.GateBceKernel;
import io.hiervl.backend.jvm.PixelCrossEntropyKernel;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GoldenGraph;
import io.hiervl.graph.Ops;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Resize;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The golden topic torch_ops with the production ops, forward and backward. */
class GoldenTorchOpsTest {
    private static final int IGNORE = 255;

    @TestFactory
    List<DynamicTest> golden() {
        return new GoldenSuite("torch_ops")
            .on("layer_norm", ALL, on((g, x) -> g.ops.layerNorm(x, g.input("weight"), g.input("bias"), g.golden.real("eps"))))
            .on("group_norm", ALL,
                on((g, x) -> g.ops.groupNorm(x, g.input("weight"), g.input("bias"), g.golden.integer("groups"), g.golden.real("eps"))))
            .on("gelu_erf", ALL, on((g, x) -> g.ops.activation(x, Activation.GELU)))
            .on("gelu_tanh", ALL, on((g, x) -> tanhGelu(g.ops, x)))
            .on("quick_gelu", ALL, on((g, x) -> g.ops.activation(x, Activation.QUICK_GELU)))
            .on("softmax", ALL, on((g, x) -> overAxis(g, x, g.ops::softmax)))
            .on("log_softmax", ALL, on((g, x) -> overAxis(g, x, last -> g.ops.log(g.ops.softmax(last), 0))))
            .on("l2_normalize", ALL, on((g, x) -> overAxis(g, x, last -> g.ops.l2Normalize(last, Math.pow(g.golden.real("eps"), 2)))))
            .on("resize", ALL, on(GoldenTorchOpsTest::resize))
            .on("conv2d", ALL, on((g, x) -> g.ops.conv2d(x, g.input("weight"), g.golden.has("bias") ? g.input("bias") : null,
                g.golden.integer("stride"), g.golden.integer("padding"))))
            .on("conv_transpose2d", ALL, on((g, x) -> g.ops.upConv2x2(x, g.input("weight"), g.input("bias"))))
            .on("max_pool2d", ALL, on((g, x) -> g.ops.maxPool2x2(x)))
            .on("channel_dropout", ALL, on(GoldenTorchOpsTest::dropout))
            .on("mha", ALL, GoldenTorchOpsTest::attention)
            .on("grid_sample", ALL, on(GoldenTorchOpsTest::gridSample))
            .on("cross_entropy", FUSED, GoldenTorchOpsTest::crossEntropy)
            .on("cross_entropy_weighted", FUSED, GoldenTorchOpsTest::weightedCrossEntropy)
            .on("bce_with_logits", FUSED, on(GoldenTorchOpsTest::binaryCrossEntropy)).tests();
    }

    /** An op from x to y. */
    private static GoldenSuite.Runner on(BiFunction<GoldenGraph, SDVariable, SDVariable> op) {
        return (c, setting) -> {
            GoldenGraph g = new GoldenGraph(c, setting);
            g.output("y", op.apply(g, g.input("x")));
            g.verify();
        };
    }

    /** An op that works along the last axis, along the axis of the case. */
    private static SDVariable overAxis(GoldenGraph g, SDVariable x, java.util.function.UnaryOperator<SDVariable> op) {
        int rank = g.ops.shape(x).length;
        int axis = Math.floorMod(g.golden.integer("axis"), rank);
        if (axis == rank - 1) {
            return op.apply(x);
        }
        int[] there = new int[rank];
        int[] back = new int[rank];
        for (int i = 0, at = 0; i < rank; i++) {
            there[i == axis ? rank - 1 : at++] = i;
        }
        for (int i = 0; i < rank; i++) {
            back[there[i]] = i;
        }
        return g.ops.permute(op.apply(g.ops.permute(x, there)), back);
    }

    private static SDVariable resize(GoldenGraph g, SDVariable x) {
        long[] y = g.golden.shape("y");
        return g.ops.resize(x, (int) y[2], (int) y[3], Resize.valueOf(g.golden.config("mode").asText().toUpperCase(Locale.ROOT)));
    }

    private static SDVariable dropout(GoldenGraph g, SDVariable x) {
        long[] k = g.golden.shape("keep");
        return g.ops.mul(x, g.ops.scale(g.ops.reshape(g.constant("keep"), k[0], k[1], 1, 1), 1 / (1 - g.golden.real("p")), 0));
    }

    /** The additive mask differs by head and query, so each of them is an image of its own with a key bias. */
    private static void attention(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        Ops ops = g.ops;
        int heads = c.integer("heads");
        long[] s = c.shape("query");
        long batch = s[0];
        long width = s[2];
        long depth = width / heads;
        SDVariable[] projected = new SDVariable[3];
        String[] names = {"query", "key", "value"};
        for (int i = 0; i < 3; i++) {
            SDVariable w = ops.slice(g.input("param.in_proj_weight"), 0, i * width, (i + 1) * width);
            SDVariable b = ops.slice(g.input("param.in_proj_bias"), 0, i * width, (i + 1) * width);
            SDVariable p = ops.linear(g.input(names[i]), w, b, Activation.NONE);
            long tokens = ops.shape(p)[1];
            projected[i] = ops.reshape(ops.permute(ops.reshape(p, batch, tokens, heads, depth), 0, 2, 1, 3), batch * heads, tokens, depth);
        }
        SDVariable mask = g.constant("mask");
        SDVariable logits = ops.scale(ops.bmm(projected[0], projected[1], false, true), 1 / Math.sqrt((double) depth), 0);
        SDVariable weights = ops.softmax(ops.add(logits, mask));
        long queries = ops.shape(weights)[1];
        long keys = ops.shape(weights)[2];
        long images = batch * heads * queries;
        SDVariable[] spread = new SDVariable[3];
        for (int i = 1; i < 3; i++) {
            SDVariable p = ops.reshape(projected[i], batch * heads, 1, keys, depth);
            spread[i] = ops.reshape(ops.broadcast(p, batch * heads, queries, keys, depth), images, keys, depth);
        }
        SDVariable y = ops.attention(ops.reshape(projected[0], images, 1, depth), spread[1], spread[2], 1, ops.reshape(mask, images, keys),
            null, false);
        y = ops.reshape(ops.permute(ops.reshape(y, batch, heads, queries, depth), 0, 2, 1, 3), batch, queries, width);
        g.output("y", ops.linear(y, g.input("param.out_proj.weight"), g.input("param.out_proj.bias"), Activation.NONE));
        g.output("weights", ops.reshape(weights, batch, heads, queries, keys));
        g.verify();
    }

    /**
     * Point sampling with positions in [0,1] instead of [-1,1]; with the stock ops deformable attention of one head and one
     * point, whose offsets count cells from the middle of the map.
     */
    private static SDVariable gridSample(GoldenGraph g, SDVariable x) {
        Ops ops = g.ops;
        long[] s = g.golden.shape("x");
        long[] y = g.golden.shape("y");
        long points = y[2] * y[3];
        SDVariable grid = ops.reshape(g.input("grid"), y[0], points, 2);
        if (g.setting != Setting.STOCK) {
            SDVariable sampled = new PointSample().apply(ops.sd(), x, ops.scale(grid, 0.5, 0.5));
            return ops.reshape(((FusedOps) ops).adopt(sampled, y[0], y[1], points), y);
        }
        DataType type = g.setting.type;
        SDVariable offsets = ops.mul(grid, ops.constant("half", Nd4j.createFromArray(s[3] / 2.0, s[2] / 2.0).castTo(type)));
        SDVariable middle = ops.constant("middle", Nd4j.valueArrayOf(new long[] {points, 2}, 0.5, type));
        SDVariable sampled =
            ops.deformableAttention(ops.toTokens(x), offsets, ops.constant("weights", Nd4j.zeros(type, y[0], points, 1)), middle,
                new int[][] {{(int) s[2], (int) s[3]}}, 1, 1);
        return ops.reshape(ops.permute(sampled, 0, 2, 1), y);
    }

    /** x sigmoid(2 u) with u = sqrt(2/pi) (x + 0.044715 x^3). */
    private static SDVariable tanhGelu(Ops ops, SDVariable x) {
        SDVariable u = ops.mul(x, ops.scale(ops.mul(x, x), 0.044715, 1));
        return ops.mul(x, ops.activation(ops.scale(u, 2 * Math.sqrt(2 / Math.PI), 0), Activation.SIGMOID));
    }

    /** One loss op per pixel, each with the weight 1 there, and the mean over the valid pixels. */
    private static void crossEntropy(Case c, Setting setting) {
        assertEquals(IGNORE, c.integer("ignore_index"), "the label that the program ignores");
        GoldenGraph g = new GoldenGraph(c, setting);
        double[] target = c.values("target");
        INDArray weights = c.array("target", DataType.DOUBLE).assign(0);
        SDVariable[] pixels = new SDVariable[target.length];
        double valid = Arrays.stream(target).filter(t -> t != IGNORE).count();
        for (int i = 0; i < target.length; i++) {
            pixels[i] = pixelLoss(g, g.input("logits"), g.constant("target"), weights.dup('c').putScalar(i, 1));
        }
        for (int i = 0; i < target.length; i++) {
            weights.putScalar(i, target[i] == IGNORE ? 0 : 1 / valid);
        }
        g.output("per_pixel", g.ops.reshape(g.ops.concat(0, pixels), c.shape("target")));
        g.output("loss", pixelLoss(g, g.input("logits"), g.constant("target"), weights));
        g.verify();
    }

    private static void weightedCrossEntropy(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        long[] s = c.shape("logits");
        int[] target = c.ints("target");
        double[] classWeights = c.values("weight");
        double total = Arrays.stream(target).mapToDouble(t -> classWeights[t]).sum();
        double[] weights = Arrays.stream(target).mapToDouble(t -> classWeights[t] / total).toArray();
        SDVariable z = g.ops.reshape(g.ops.permute(g.input("logits"), 1, 0), 1, s[1], s[0], 1);
        g.output("loss",
            pixelLoss(g, z, g.ops.reshape(g.constant("target"), 1, s[0], 1), Nd4j.createFromArray(weights).reshape(1, s[0], 1)));
        g.verify();
    }

    private static SDVariable pixelLoss(GoldenGraph g, SDVariable z, SDVariable labels, INDArray weights) {
        SDVariable w = g.ops.constant("weights", weights.castTo(g.setting.type));
        return ((FusedOps) g.ops).adopt(new Loss(new PixelCrossEntropyKernel()).apply(g.ops.sd(), z, labels, w), 1);
    }

    /** The gate's loss of one logit is half its cross-entropy; targets between 0 and 1 mix the two. */
    private static SDVariable binaryCrossEntropy(GoldenGraph g, SDVariable x) {
        Ops ops = g.ops;
        double[] target = g.golden.values("target");
        SDVariable[] terms = new SDVariable[target.length];
        for (int i = 0; i < terms.length; i++) {
            SDVariable logit = ops.reshape(ops.slice(x, 0, i, i + 1), 1, 1);
            SDVariable[] sides = new SDVariable[2];
            for (int present = 0; present < 2; present++) {
                SDVariable presence = ops.constant("presence", Nd4j.valueArrayOf(new long[] {1, 1}, present, x.dataType()));
                SDVariable weight = ops.constant("weight", Nd4j.valueArrayOf(new long[] {1}, 2, x.dataType()));
                SDVariable bce = ((FusedOps) ops).adopt(new Loss(new GateBceKernel()).apply(ops.sd(), logit, presence, weight), 1);
                sides[present] = ops.scale(bce, present == 1 ? target[i] : 1 - target[i], 0);
            }
            terms[i] = ops.add(sides[0], sides[1]);
        }
        return ops.concat(0, terms);
    }
}
