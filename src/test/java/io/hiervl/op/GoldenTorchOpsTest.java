package io.hiervl.op;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.GoldenFixtures;
import io.hiervl.graph.Activation;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Resize;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** All cases of the golden topic torch_ops with the production ops, forward and backward, in both precisions. */
class GoldenTorchOpsTest {
    @TestFactory
    List<DynamicTest> cases() {
        if (!GoldenFixtures.present("torch_ops")) {
            // an aborted factory would not be counted, a test inside it is reported as skipped
            return List.of(DynamicTest.dynamicTest("fixtures", () -> GoldenFixtures.topic("torch_ops")));
        }
        List<DynamicTest> tests = new ArrayList<>();
        for (GoldenFixtures.Case c : GoldenFixtures.cases("torch_ops")) {
            for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
                tests.add(DynamicTest.dynamicTest(c.name + " " + type, () -> run(c, type)));
            }
        }
        return tests;
    }

    private static void run(GoldenFixtures.Case c, DataType type) {
        SameDiff sd = Graphs.create();
        FusedOps ops = new FusedOps(sd, type);
        Map<String, SDVariable> in = new LinkedHashMap<>();
        for (String role : new String[] {"input", "param"}) {
            for (String name : c.names(role)) {
                INDArray array = c.array(name, type);
                in.put(name, c.has("grad." + name) ? sd.var(name, array) : ops.constant(name, array));
            }
        }
        Map<String, SDVariable> out = build(c, ops, in);
        assertEquals(Set.copyOf(c.names("output")), out.keySet(), "outputs of " + c.name);
        SDVariable loss = null;
        for (String name : out.keySet()) {
            // a scalar has cotangent 1, an output without a cotangent takes no part
            SDVariable part = c.has("cot." + name)
                ? ops.sum(ops.mul(out.get(name), ops.constant("cot." + name, c.array("cot." + name, type))))
                : c.shape(name).length == 0 ? ops.sum(out.get(name)) : null;
            loss = part == null ? loss : loss == null ? part : ops.add(loss, part);
        }
        List<String> gradients = c.names("gradient").stream().map(n -> n.substring("grad.".length())).toList();
        List<String> names = out.values().stream().map(SDVariable::name).toList();
        try (GraphRunner.Result r = new GraphRunner(sd, names, gradients.isEmpty() ? null : loss.name(), gradients).run(Map.of())) {
            out.forEach((name, v) -> c.check(name, r.output(v.name())));
            gradients.forEach(name -> c.check("grad." + name, r.gradient(name)));
        }
    }

    private static Map<String, SDVariable> build(GoldenFixtures.Case c, FusedOps ops, Map<String, SDVariable> in) {
        SDVariable x = in.get("x");
        double eps = c.config.path("eps").asDouble();
        return switch (c.op) {
            case "layer_norm" -> Map.of("y", ops.layerNorm(x, in.get("weight"), in.get("bias"), eps));
            case "group_norm" -> Map.of("y", ops.groupNorm(x, in.get("weight"), in.get("bias"), c.config.get("groups").asInt(), eps));
            case "gelu_erf" -> Map.of("y", ops.activation(x, Activation.GELU));
            case "quick_gelu" -> Map.of("y", ops.activation(x, Activation.QUICK_GELU));
            case "softmax" -> Map.of("y", ops.softmax(x));
            case "log_softmax" -> Map.of("y", logSoftmax(ops, x));
            case "l2_normalize" -> Map.of("y", ops.l2Normalize(x, eps * eps));
            case "resize" -> Map.of("y", resize(c, ops, x));
            case "conv2d" -> Map.of("y", ops.conv2d(x, in.get("weight"), in.get("bias"), c.config.get("stride").asInt(),
                c.config.get("padding").asInt()));
            case "conv_transpose2d" -> Map.of("y", ops.upConv2x2(x, in.get("weight"), in.get("bias")));
            case "max_pool2d" -> Map.of("y", ops.maxPool2x2(x));
            case "mha" -> attention(c, ops, in);
            case "channel_dropout" -> Map.of("y", dropout(c, ops, x, in.get("keep")));
            case "gelu_tanh" -> Map.of("y", tanhGelu(ops, x));
            case "grid_sample" -> Map.of("y", gridSample(c, ops, x, in.get("grid")));
            case "cross_entropy" -> crossEntropy(c, ops, in);
            case "cross_entropy_weighted" -> weightedCrossEntropy(c, ops, in);
            case "bce_with_logits" -> Map.of("y", binaryCrossEntropy(c, ops, x));
            default -> throw new AssertionError("no production op for golden op " + c.op);
        };
    }

    private static SDVariable resize(GoldenFixtures.Case c, FusedOps ops, SDVariable x) {
        long[] y = c.shape("y");
        return ops.resize(x, (int) y[2], (int) y[3], Resize.valueOf(c.config.get("mode").asText().toUpperCase(Locale.ROOT)));
    }

    /** log softmax over axis 1 of (B,C,H,W). */
    private static SDVariable logSoftmax(FusedOps ops, SDVariable x) {
        return ops.permute(ops.log(ops.softmax(ops.permute(x, 0, 2, 3, 1)), 0), 0, 3, 1, 2);
    }

    private static SDVariable dropout(GoldenFixtures.Case c, FusedOps ops, SDVariable x, SDVariable keep) {
        long[] k = c.shape("keep");
        return ops.mul(x, ops.scale(ops.reshape(keep, k[0], k[1], 1, 1), 1 / (1 - c.config.get("p").asDouble()), 0));
    }

    /** The additive mask differs by head and query, so each of them is an image of its own with a key bias. */
    private static Map<String, SDVariable> attention(GoldenFixtures.Case c, FusedOps ops, Map<String, SDVariable> in) {
        int heads = c.config.get("heads").asInt();
        long width = ops.shape(in.get("query"))[2];
        long batch = ops.shape(in.get("query"))[0];
        long depth = width / heads;
        SDVariable[] projected = new SDVariable[3];
        String[] names = {"query", "key", "value"};
        for (int i = 0; i < 3; i++) {
            SDVariable w = ops.slice(in.get("param.in_proj_weight"), 0, i * width, (i + 1) * width);
            SDVariable b = ops.slice(in.get("param.in_proj_bias"), 0, i * width, (i + 1) * width);
            SDVariable p = ops.linear(in.get(names[i]), w, b, Activation.NONE);
            long tokens = ops.shape(p)[1];
            projected[i] = ops.reshape(ops.permute(ops.reshape(p, batch, tokens, heads, depth), 0, 2, 1, 3), batch * heads, tokens, depth);
        }
        SDVariable logits = ops.scale(ops.bmm(projected[0], projected[1], false, true), 1 / Math.sqrt(depth), 0);
        SDVariable weights = ops.softmax(ops.add(logits, in.get("mask")));
        long queries = ops.shape(weights)[1];
        long keys = ops.shape(weights)[2];
        long images = batch * heads * queries;
        SDVariable[] spread = new SDVariable[3];
        for (int i = 1; i < 3; i++) {
            SDVariable p = ops.reshape(projected[i], batch * heads, 1, keys, depth);
            spread[i] = ops.reshape(ops.broadcast(p, batch * heads, queries, keys, depth), images, keys, depth);
        }
        SDVariable y = ops.attention(ops.reshape(projected[0], images, 1, depth), spread[1], spread[2], 1,
            ops.reshape(in.get("mask"), images, keys), null, false);
        y = ops.reshape(ops.permute(ops.reshape(y, batch, heads, queries, depth), 0, 2, 1, 3), batch, queries, width);
        return Map.of("y", ops.linear(y, in.get("param.out_proj.weight"), in.get("param.out_proj.bias"), Activation.NONE),
            "weights", ops.reshape(weights, batch, heads, queries, keys));
    }

    /** Sampling positions are in [-1,1] there and in [0,1] here. */
    private static SDVariable gridSample(GoldenFixtures.Case c, FusedOps ops, SDVariable x, SDVariable grid) {
        long[] y = c.shape("y");
        SDVariable points = ops.scale(ops.reshape(grid, y[0], y[2] * y[3], 2), 0.5, 0.5);
        SDVariable sampled = new PointSample(ops.sd(), x, points).outputVariable();
        return ops.reshape(ops.adopt(sampled, y[0], y[1], y[2] * y[3]), y);
    }

    /** x sigmoid(2 u) with u = sqrt(2/pi) (x + 0.044715 x^3). */
    private static SDVariable tanhGelu(FusedOps ops, SDVariable x) {
        SDVariable u = ops.mul(x, ops.scale(ops.mul(x, x), 0.044715, 1));
        return ops.mul(x, ops.activation(ops.scale(u, 2 * Math.sqrt(2 / Math.PI), 0), Activation.SIGMOID));
    }

    /** One loss op per pixel, each with the weight 1 there, and the mean over the valid pixels. */
    private static Map<String, SDVariable> crossEntropy(GoldenFixtures.Case c, FusedOps ops, Map<String, SDVariable> in) {
        double[] target = c.values("target");
        long[] shape = c.shape("target");
        INDArray weights = c.array("target", DataType.DOUBLE);
        SDVariable[] pixels = new SDVariable[target.length];
        double valid = Arrays.stream(target).filter(t -> t != 255).count();
        for (int i = 0; i < target.length; i++) {
            pixels[i] = pixelLoss(ops, in.get("logits"), in.get("target"), weights.assign(0).putScalar(i, 1), "pixel" + i);
        }
        for (int i = 0; i < target.length; i++) {
            weights.putScalar(i, target[i] == 255 ? 0 : 1 / valid);
        }
        return Map.of("per_pixel", ops.reshape(ops.concat(0, pixels), shape),
            "loss", pixelLoss(ops, in.get("logits"), in.get("target"), weights, "mean"));
    }

    private static Map<String, SDVariable> weightedCrossEntropy(GoldenFixtures.Case c, FusedOps ops, Map<String, SDVariable> in) {
        long[] s = c.shape("logits");
        int[] target = c.ints("target");
        double[] classWeights = c.values("weight");
        double total = Arrays.stream(target).mapToDouble(t -> classWeights[t]).sum();
        double[] weights = Arrays.stream(target).mapToDouble(t -> classWeights[t] / total).toArray();
        SDVariable z = ops.reshape(ops.permute(in.get("logits"), 1, 0), 1, s[1], s[0], 1);
        INDArray w = Nd4j.createFromArray(weights).reshape(1, s[0], 1);
        return Map.of("loss", pixelLoss(ops, z, ops.reshape(in.get("target"), 1, s[0], 1), w, "weighted"));
    }

    private static SDVariable pixelLoss(FusedOps ops, SDVariable z, SDVariable labels, INDArray weights, String name) {
        SDVariable w = ops.constant("weights." + name, weights.dup('c').castTo(z.dataType()));
        SDVariable loss = new PixelCrossEntropy(ops.sd(), z, labels, w).outputVariable();
        return ops.adopt(loss, 1);
    }

    /** The gate's loss of one logit is half its cross-entropy; targets between 0 and 1 mix the two. */
    private static SDVariable binaryCrossEntropy(GoldenFixtures.Case c, FusedOps ops, SDVariable x) {
        double[] target = c.values("target");
        SDVariable[] terms = new SDVariable[target.length];
        for (int i = 0; i < terms.length; i++) {
            SDVariable logit = ops.reshape(ops.slice(x, 0, i, i + 1), 1, 1);
            SDVariable[] sides = new SDVariable[2];
            for (int present = 0; present < 2; present++) {
                SDVariable presence = ops.constant("presence", Nd4j.valueArrayOf(new long[] {1, 1}, present, x.dataType()));
                SDVariable weight = ops.constant("weight", Nd4j.valueArrayOf(new long[] {1}, 2, x.dataType()));
                SDVariable bce = ops.adopt(new GateBce(ops.sd(), logit, presence, weight).outputVariable(), 1);
                sides[present] = ops.scale(bce, present == 1 ? target[i] : 1 - target[i], 0);
            }
            terms[i] = ops.add(sides[0], sides[1]);
        }
        return ops.concat(0, terms);
    }
}
