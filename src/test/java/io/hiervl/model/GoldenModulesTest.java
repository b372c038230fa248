package io.hiervl.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.GoldenFixtures;
import io.hiervl.GoldenFixtures.Case;
import io.hiervl.graph.GoldenGraph;
import io.hiervl.graph.GoldenGraph.Kind;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore.Group;
import io.hiervl.graph.Resize;
import io.hiervl.graph.Scope;
import io.hiervl.op.Backend;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The network's modules against the oracle's fixtures (topics hiervl and mask2former). */
class GoldenModulesTest {
    @BeforeAll
    static void start() {
        Backend.start();
    }

    private static List<Case> cases(String op) {
        return GoldenFixtures.cases("hiervl").stream().filter(c -> c.op.equals(op)).toList();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void equation1(Kind kind) {
        for (Case c : cases("cmsam")) {
            GoldenGraph g = new GoldenGraph(c, kind);
            g.params(n -> "m." + n);
            Scope s = g.scope("m");
            boolean literal = c.config.get("literal").asBoolean();
            SDVariable pixels = CMSAM.pixels(s, g.input("x"), literal);
            CMSAM.Output out = CMSAM.apply(s, g.input("q"), pixels, CMSAM.keys(s, pixels), literal ? null : g.input("factor"), literal);
            g.output("q_out", out.queries());
            g.output("alpha", out.alpha());
            g.verify();
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void queriesAndGate(Kind kind) {
        for (Case c : cases("hsqg")) {
            GoldenGraph g = new GoldenGraph(c, kind);
            g.params(n -> "hsqg." + n);
            Ops ops = g.ops;
            Scope s = g.scope("hsqg");
            // The fixture passes raw embeddings; the text tower of the network gives unit vectors.
            SDVariable t = ops.l2Normalize(g.input("t"), 1e-20);
            SDVariable v = ops.l2Normalize(g.input("v"), 1e-20);
            SDVariable presence = ops.constant("present", g.array("present"));
            SDVariable useGt = ops.constant("use_gt", g.array("use_gt"));
            HSQG.Output out = HSQG.apply(s, t, v, presence, useGt, 3, true);
            g.output("q_gated", levels(ops, out.queries()));
            List<SDVariable> rows = HSQG.ungated(s, t, 3).stream().map(q -> {
                long[] d = ops.shape(q);
                return ops.reshape(q, 1, d[0], d[1]);
            }).toList();
            g.output("q_ungated", ops.concat(0, rows.toArray(new SDVariable[0])));
            g.output("sim", HSQG.similarity(ops, t, v));
            g.output("s", out.gate().s());
            if (!c.name.equals("hsqg_gt")) {
                // The other case has an image without any class, which the fixture keeps active with a gate of 0; here the
                // trainer gives such an image its predicted gate.
                g.output("factor", out.gate().s());
                g.output("key_bias", ops.mul(out.gate().keyBias(), ops.constant("active", g.array("active"))));
            }
            g.verify();
        }
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

    @ParameterizedTest
    @EnumSource(Kind.class)
    void interleavedLayers(Kind kind) {
        for (Case c : cases("interleaved_layer")) {
            GoldenGraph g = new GoldenGraph(c, kind);
            Ops ops = g.ops;
            layerParams(g, "", "l.");
            int[][] shapes = shapes(c.config.get("shapes_hw"));
            boolean bias = c.config.get("gate_key_bias").asBoolean();
            SDVariable s = g.input("s");
            INDArray active = g.array("active");
            SDVariable on = ops.constant("on", active);
            SDVariable off = ops.constant("off", active.rsub(1).mul(Gate.OFF));
            SDVariable keyBias = bias ? ops.add(off, ops.mul(ops.log(s, 1e-4), on)) : off;
            EncoderLayer layer = new EncoderLayer(c.config.get("heads").asInt(), c.config.get("points").asInt(), c.config.get("literal").asBoolean(),
                c.config.get("levels").asText().equals("matched"), true);
            EncoderLayer.Output out = layer.apply(g.scope("l"), g.input("x"), perLevel(ops, g.input("q"), 1),
                new EncoderLayer.Context(g.input("pos"), ops.constant("ref", ReferencePoints.of(shapes, kind.type)), shapes,
                    perLevel(ops, g.input("text_pos"), 0), keyBias, g.input("factor"), null));
            g.output("x_out", out.pixels());
            g.output("q_out", levels(ops, out.queries()));
            g.verify();
        }
    }

    private static void layerParams(GoldenGraph g, String golden, String ours) {
        for (String tensor : g.golden.names("param")) {
            String name = tensor.substring("param.".length());
            if (!name.startsWith(golden)) {
                continue;
            }
            String local = name.substring(golden.length());
            if (local.endsWith("_attn.in_proj_weight") || local.endsWith("_attn.in_proj_bias")) {
                String attention = ours + local.substring(0, local.indexOf(".in_proj"));
                String kind = local.substring(local.lastIndexOf('_') + 1);
                g.packed(name, attention + ".q_proj." + kind, attention + ".k_proj." + kind, attention + ".v_proj." + kind);
            } else {
                g.param(name, ours + local.replace("cross_attn_layer_norm", "norm1").replace("self_attn_layer_norm", golden.contains("encoder") ? "norm1" : "norm2")
                    .replace("final_layer_norm", "norm3"));
            }
        }
    }

    private static int[][] shapes(JsonNode node) {
        int[][] shapes = new int[node.size()][];
        for (int i = 0; i < shapes.length; i++) {
            shapes[i] = new int[] {node.get(i).get(0).asInt(), node.get(i).get(1).asInt()};
        }
        return shapes;
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void queryDecoder(Kind kind) {
        GoldenGraph g = new GoldenGraph(GoldenFixtures.one("hiervl", "query_decoder"), kind);
        Ops ops = g.ops;
        layerParams(g, "", "d.");
        List<SDVariable> memory = new ArrayList<>();
        List<SDVariable> sines = new ArrayList<>();
        int[][] shapes = new int[3][];
        for (int i = 0; i < 3; i++) {
            SDVariable map = g.input("memory" + i);
            shapes[i] = new int[] {(int) ops.shape(map)[2], (int) ops.shape(map)[3]};
            memory.add(ops.toTokens(map));
            sines.add(ops.constant("sine" + i, SinePositions.ofMap(shapes[i][0], shapes[i][1], 16, kind.type)));
        }
        SDVariable s = g.input("s");
        INDArray active = g.array("active");
        SDVariable keyBias = ops.add(ops.constant("off", active.rsub(1).mul(Gate.OFF)), ops.mul(ops.log(s, 1e-4), ops.constant("on", active)));
        PixelDecoder.Output pixels = new PixelDecoder.Output(memory, sines, shapes, g.input("pixel"), List.of(), List.of());
        List<DQTD.Prediction> out = new DQTD(2, 2).apply(g.scope("d"), g.input("q_text"), ops.concat(1, keyBias, keyBias, keyBias), pixels, true);
        for (int i = 0; i < 3; i++) {
            g.output("mask_logits_" + i, out.get(i).masks());
            g.output("class_logits_" + i, out.get(i).classes());
        }
        g.output("normed_last", out.get(2).query());
        g.verify();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void pyramid(Kind kind) {
        GoldenGraph g = new GoldenGraph(GoldenFixtures.one("hiervl", "pyramid"), kind);
        g.params(n -> "p." + n);
        List<SDVariable> taps = List.of(g.input("tap0"), g.input("tap1"), g.input("tap2"), g.input("tap3"));
        List<SDVariable> maps = Pyramid.apply(g.scope("p"), taps, g.golden.config.get("inner_norm_groups").asInt());
        for (int i = 0; i < 4; i++) {
            g.output("F" + (i + 1), maps.get(i));
        }
        g.verify();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void scoresAndLogScores(Kind kind) {
        for (Case c : cases("score_logits")) {
            GoldenGraph g = new GoldenGraph(c, kind);
            SDVariable s = SemanticInference.scores(g.ops, g.input("class_logits"), g.input("mask_logits"), 5, null, 9);
            g.output("S", s);
            g.output("S_full", g.ops.resize(s, 16, 20, Resize.BILINEAR));
            SDVariable z = SemanticInference.logScores(g.ops, s, 16, 20, c.config.get("T").asDouble());
            g.output("z", z);
            g.output("prob", g.ops.permute(g.ops.softmax(g.ops.permute(z, 0, 2, 3, 1)), 0, 3, 1, 2));
            g.verify();
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void mask2FormersPixelDecoder(Kind kind) {
        GoldenGraph g = new GoldenGraph(GoldenFixtures.one("mask2former", "pixel_decoder"), kind);
        for (int i = 0; i < 2; i++) {
            layerParams(g, "encoder.layers." + i + ".", "p.layers." + i + ".");
        }
        g.params(n -> n.startsWith("encoder.") ? null : "p." + n.replace("input_projections.", "input_proj.").replace("adapter_1.", "lateral.")
            .replace("layer_1.", "output.").replace("mask_projection", "mask_features").replace(".0.weight", ".conv.weight")
            .replace(".0.bias", ".conv.bias").replace(".1.weight", ".norm.weight").replace(".1.bias", ".norm.bias"));
        List<SDVariable> pyramid = List.of(g.input("f1"), g.input("f2"), g.input("f3"), g.input("f4"));
        PixelDecoder.Output out = new PixelDecoder(new EncoderLayer(4, 4, false, true, true), 2, 32).apply(g.scope("p"), pyramid, List.of(), null);
        g.output("mask_features", out.feature());
        String[] names = {"memory_s32", "memory_s16", "memory_s8"};
        for (int i = 0; i < 3; i++) {
            g.output(names[i], g.ops.toMap(out.memory().get(i), out.shapes()[i][0], out.shapes()[i][1]));
        }
        g.verify();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void mask2FormersDecoder(Kind kind) {
        GoldenGraph g = new GoldenGraph(GoldenFixtures.one("mask2former", "masked_decoder"), kind);
        for (int i = 0; i < 3; i++) {
            layerParams(g, "layers." + i + ".", "d.layers." + i + ".");
        }
        g.params(n -> n.startsWith("layers.") ? null : "d." + n.replace("layernorm", "decoder_norm").replace("mask_predictor.mask_embedder.", "mask_head.")
            .replace(".0.weight", ".weight").replace(".0.bias", ".bias"));
        g.store.add("d.level_embed", Nd4j.zeros(kind.type, 3, 32), Group.FROZEN, false);
        g.store.add("d.class_head.weight", Nd4j.zeros(kind.type, 4, 32), Group.FROZEN, false);
        SDVariable q = g.input("q");
        g.input("qpos");
        g.store.add("d.query_pos", g.store.get("qpos").array(), Group.FROZEN, false);
        Scope s = g.scope("d");
        List<SDVariable> memory = List.of(g.input("mem0"), g.input("mem1"), g.input("mem2"));
        List<SDVariable> positions = List.of(g.input("pos0"), g.input("pos1"), g.input("pos2"));
        PixelDecoder.Output pixels = new PixelDecoder.Output(memory, positions, new int[][] {{2, 2}, {4, 4}, {8, 8}}, g.input("pixel"), List.of(), List.of());
        List<DQTD.Prediction> out = new DQTD(4, 3).apply(s, q, null, pixels, true);
        for (int i = 0; i < 4; i++) {
            g.output("normed_hidden_" + i, out.get(i).query());
            g.output("mask_logits_" + i, out.get(i).masks());
        }
        g.verifyForward();
    }

    @Test
    void sinePositions() {
        for (Case c : GoldenFixtures.cases("mask2former")) {
            if (c.op.equals("sine_position")) {
                int h = c.config.get("h").asInt();
                int w = c.config.get("w").asInt();
                int d = 2 * c.config.get("features").asInt();
                INDArray tokens = SinePositions.ofMap(h, w, d, DataType.DOUBLE);
                c.check("pos", tokens.transpose().dup('c').reshape(1, d, h, w));
            }
        }
    }

    @Test
    void offsetsStartAsRings() {
        Case c = GoldenFixtures.one("mask2former", "msda_init");
        assertArrayEquals(c.values("sampling_offsets.bias"), MSDeformAttn.ring(8, 3, 4), 1e-5);
    }
}
