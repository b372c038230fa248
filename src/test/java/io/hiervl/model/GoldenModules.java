package io.hiervl.model;

import static io.hiervl.GoldenSuite.ALL;

import io.hiervl.GoldenFixtures.Case;
import io.hiervl.GoldenSuite;
import io.hiervl.GoldenSuite.Setting;
import io.hiervl.graph.GoldenGraph;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Resize;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The network's own modules against the oracle (topic hiervl). */
public final class GoldenModules {
    private static final double LOG_EPS = 1e-4;

    private GoldenModules() {
    }

    public static GoldenSuite suite() {
        return new GoldenSuite("hiervl")
            .on("cmsam", ALL, GoldenModules::equation1)
            .on("hsqg", ALL, GoldenModules::queriesAndGate)
            // the literal reading neither scales the update nor biases keys
            .on("interleaved_layer", ALL, GoldenModules::interleavedLayer, "s", "factor")
            .on("query_decoder", ALL, GoldenModules::queryDecoder)
            .on("pyramid", ALL, GoldenModules::pyramid)
            .on("score_logits", ALL, GoldenModules::scoresAndLogScores);
    }

    private static void equation1(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        g.params(n -> "m." + n);
        Scope s = g.scope("m");
        boolean literal = c.config("literal").asBoolean();
        SDVariable pixels = CMSAM.pixels(s, g.input("x"), literal);
        CMSAM.Output out = CMSAM.apply(s, g.input("q"), pixels, CMSAM.keys(s, pixels), literal ? null : g.input("factor"), literal);
        g.output("q_out", out.queries());
        g.output("alpha", out.alpha());
        g.verify();
    }

    private static void queriesAndGate(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        g.params(n -> "hsqg." + n);
        Ops ops = g.ops;
        Scope s = g.scope("hsqg");
        int levels = c.integer("levels");
        // The fixture passes raw embeddings; the text tower of the network gives unit vectors.
        SDVariable t = ops.l2Normalize(g.input("t"), 1e-20);
        SDVariable v = ops.l2Normalize(g.input("v"), 1e-20);
        INDArray present = g.array("present");
        INDArray useGt = g.array("use_gt");
        Gate gate = HSQG.gate(s, t, v, g.constant("present"), g.constant("use_gt"), true);
        List<SDVariable> ungated = HSQG.ungated(s, t, levels);
        g.output("q_gated", levels(ops, HSQG.gated(ops, ungated, gate)));
        g.output("q_ungated", ops.concat(0, ungated.stream().map(q -> {
            long[] d = ops.shape(q);
            return ops.reshape(q, 1, d[0], d[1]);
        }).toArray(SDVariable[]::new)));
        g.output("sim", HSQG.similarity(ops, t, v));
        g.output("s", gate.s());
        // The shared fixture keeps all rows of an image active that takes its ground truth and has no class. The program never builds
        // such a gate: its caller takes the predicted one (docs/paper.md 3.4). These rows are constants here, so that the gradients
        // of the other images count. Rows that ground truth switches off have a bias stored as 0.
        SDVariable kept = ops.constant("kept", kept(present, useGt));
        SDVariable older = ops.scale(kept, -1, 1);
        g.output("factor", ops.add(ops.mul(gate.s(), kept), older));
        SDVariable on = ops.mul(ops.constant("on", g.array("active")), kept);
        g.output("key_bias", ops.add(ops.mul(gate.keyBias(), on), ops.scale(older, Math.log(1e-4), 0)));
        g.verify();
        INDArray bias = g.ops.sd().output(java.util.Map.of(), gate.keyBias().name()).get(gate.keyBias().name());
        INDArray active = bias.gt(Gate.OFF / 2).castTo(setting.type);
        c.check("active", Transforms.max(active, kept(present, useGt).rsub(1)));
    }

    /** (B,K): 0 in images that take their ground truth and have no class. */
    private static INDArray kept(INDArray present, INDArray useGt) {
        INDArray kept = present.ulike().assign(1);
        for (int b = 0; b < kept.size(0); b++) {
            if (useGt.getDouble(b) == 1 && present.getRow(b).maxNumber().doubleValue() == 0) {
                kept.getRow(b).assign(0);
            }
        }
        return kept;
    }

    /** Per level (B,K,D) to (B,L,K,D). */
    private static SDVariable levels(Ops ops, List<SDVariable> q) {
        List<SDVariable> all = q.stream().map(x -> {
            long[] s = ops.shape(x);
            return ops.reshape(x, s[0], 1, s[1], s[2]);
        }).toList();
        return ops.concat(1, all.toArray(new SDVariable[0]));
    }

    /** (B,L,K,D) to per level (B,K,D), or (L,K,D) to per level (K,D). */
    private static List<SDVariable> perLevel(Ops ops, SDVariable x, int axis) {
        long[] s = ops.shape(x);
        List<SDVariable> result = new ArrayList<>();
        for (int l = 0; l < s[axis]; l++) {
            SDVariable one = ops.slice(x, axis, l, l + 1L);
            result.add(axis == 0 ? ops.reshape(one, s[1], s[2]) : ops.reshape(one, s[0], s[2], s[3]));
        }
        return result;
    }

    /** The key bias that the gate of the fixture stands for. */
    private static SDVariable keyBias(GoldenGraph g, boolean log) {
        INDArray active = g.array("active");
        SDVariable off = g.ops.constant("off", active.rsub(1).mul(Gate.OFF));
        return log ? g.ops.add(off, g.ops.mul(g.ops.log(g.input("s"), LOG_EPS), g.ops.constant("on", active))) : off;
    }

    private static void interleavedLayer(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        Ops ops = g.ops;
        GoldenMask2FormerTest.layerParams(g, "", "l.", false);
        if (c.config("literal").asBoolean()) {
            // equation 1 as printed has no norms
            g.outsideTheGraph("cmsam.ln_q.weight", "cmsam.ln_q.bias", "cmsam.ln_x.weight", "cmsam.ln_x.bias");
        }
        int[][] shapes = GoldenMask2FormerTest.shapes(c.config("shapes_hw"));
        EncoderLayer layer = new EncoderLayer(c.integer("heads"), c.integer("points"), c.config("literal").asBoolean(),
            matched(c.config("levels").asText()), true);
        SDVariable reference = ops.constant("ref", ReferencePoints.of(shapes, setting.type));
        EncoderLayer.Output out = layer.apply(g.scope("l"), g.input("x"), perLevel(ops, g.input("q"), 1),
            new EncoderLayer.Context(g.input("pos"), reference, shapes, perLevel(ops, g.input("text_pos"), 0),
                keyBias(g, c.config("gate_key_bias").asBoolean()), g.input("factor"), null));
        g.output("x_out", out.pixels());
        g.output("q_out", levels(ops, out.queries()));
        g.verify();
    }

    private static boolean matched(String levels) {
        return switch (levels) {
            case "matched" -> true;
            case "all" -> false;
            default -> throw new AssertionError("unknown levels " + levels);
        };
    }

    private static void queryDecoder(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        Ops ops = g.ops;
        GoldenMask2FormerTest.layerParams(g, "", "d.", false);
        List<SDVariable> memory = new ArrayList<>();
        List<SDVariable> sines = new ArrayList<>();
        int[][] shapes = new int[PixelDecoder.FEATURE_LEVELS][];
        for (int i = 0; i < shapes.length; i++) {
            SDVariable map = g.input("memory" + i);
            long[] m = ops.shape(map);
            shapes[i] = new int[] {(int) m[2], (int) m[3]};
            memory.add(ops.toTokens(map));
            sines.add(ops.constant("sine" + i, SinePositions.ofMap(shapes[i][0], shapes[i][1], (int) m[1], setting.type)));
        }
        SDVariable bias = keyBias(g, true);
        int levels = c.integer("L");
        int layers = c.integer("layers");
        PixelDecoder.Output pixels = new PixelDecoder.Output(memory, sines, shapes, g.input("pixel"), List.of(), List.of());
        List<DQTD.Prediction> out = new DQTD(c.integer("heads"), layers, false).apply(g.scope("d"), g.input("q_text"),
            EncoderLayer.join(ops, Collections.nCopies(levels, bias)), pixels, true);
        for (int i = 0; i <= layers; i++) {
            g.output("mask_logits_" + i, out.get(i).masks());
            g.output("class_logits_" + i, out.get(i).classes());
        }
        g.output("normed_last", out.get(layers).query());
        g.verify();
    }

    private static void pyramid(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        g.params(n -> "p." + n);
        List<SDVariable> taps = List.of(g.input("tap0"), g.input("tap1"), g.input("tap2"), g.input("tap3"));
        List<FeatureMap> maps = Pyramid.apply(g.scope("p"), taps, c.integer("inner_norm_groups"));
        for (int i = 0; i < maps.size(); i++) {
            g.output("F" + (i + 1), maps.get(i).value());
        }
        g.verify();
    }

    private static void scoresAndLogScores(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        long[] classes = c.shape("class_logits");
        long[] full = c.shape("S_full");
        int h = (int) full[2];
        int w = (int) full[3];
        SDVariable s = SemanticInference.scores(g.ops, g.input("class_logits"), g.input("mask_logits"), (int) full[1], null, classes[1]);
        g.output("S", s);
        g.output("S_full", g.ops.resize(s, h, w, Resize.BILINEAR));
        SDVariable z = SemanticInference.logScores(g.ops, s, h, w, c.real("T"));
        g.output("z", z);
        g.output("prob", g.ops.permute(g.ops.softmax(g.ops.permute(z, 0, 2, 3, 1)), 0, 3, 1, 2));
        g.verify();
    }
}
