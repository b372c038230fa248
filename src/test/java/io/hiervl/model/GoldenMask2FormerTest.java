package io.hiervl.model;

import static io.hiervl.GoldenSuite.ALL;
import static io.hiervl.GoldenSuite.FUSED;
import static io.hiervl.GoldenSuite.PLAIN;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.GoldenFixtures.Case;
import io.hiervl.GoldenSuite;
import io.hiervl.GoldenSuite.Setting;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GoldenGraph;
import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.ParameterStore.Group;
import io.hiervl.graph.Scope;
import io.hiervl.loss.PseudoLabels;
import io.hiervl.op.PointSample;
import io.hiervl.tensor.Resize;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What the network has from Mask2Former, against transformers (topic mask2former). */
class GoldenMask2FormerTest {
    @TestFactory
    List<DynamicTest> golden() {
        return new GoldenSuite("mask2former")
            .on("msda_core", ALL, GoldenMask2FormerTest::deformableCore)
            .on("msda_module", ALL, GoldenMask2FormerTest::deformableModule)
            .on("msda_init", PLAIN, GoldenMask2FormerTest::initialOffsets)
            .on("sine_position", PLAIN, GoldenMask2FormerTest::sinePositions, "dummy")
            .on("pixel_encoder_layer", ALL, GoldenMask2FormerTest::encoderLayer)
            .on("pixel_decoder", ALL, GoldenMask2FormerTest::pixelDecoder)
            .on("masked_decoder_layer", ALL, GoldenMask2FormerTest::decoderLayer)
            .on("masked_decoder", ALL, GoldenMask2FormerTest::decoder)
            .on("point_sample", FUSED, GoldenMask2FormerTest::pointSample)
            .on("set_loss_points", FUSED, GoldenPointLosses::set)
            .on("mask_bce_dice", PLAIN, GoldenPointLosses::dense)
            .on("semantic_inference", ALL, GoldenMask2FormerTest::semanticInference).tests();
    }

    /** {h,w} of each level. */
    static int[][] shapes(JsonNode node) {
        int[][] shapes = new int[node.size()][];
        for (int i = 0; i < shapes.length; i++) {
            shapes[i] = new int[] {node.get(i).get(0).asInt(), node.get(i).get(1).asInt()};
        }
        return shapes;
    }

    /**
     * The fixture samples at locations in [0,1] with weights as they are; the program's op has offsets in cells from a reference
     * point, and a softmax over weights w, which from log w gives w / sum w.
     */
    private static void deformableCore(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        Ops ops = g.ops;
        int[][] shapes = shapes(c.config("shapes_hw"));
        long[] v = c.shape("value");
        long[] l = c.shape("locations");
        long batch = l[0];
        long queries = l[1];
        int heads = (int) l[2];
        int points = (int) l[4];
        INDArray size = Nd4j.create(setting.type, shapes.length, 1, 2);
        for (int i = 0; i < shapes.length; i++) {
            size.putScalar(new int[] {i, 0, 0}, shapes[i][1]).putScalar(new int[] {i, 0, 1}, shapes[i][0]);
        }
        SDVariable offsets =
            ops.reshape(ops.mul(g.input("locations"), ops.constant("size", size)), batch, queries, 2L * heads * shapes.length * points);
        SDVariable weights = g.input("weights");
        long each = (long) shapes.length * points;
        SDVariable y = ops.deformableAttention(ops.reshape(g.input("value"), v[0], v[1], v[2] * v[3]), offsets,
            ops.reshape(ops.log(weights, 0), batch, queries, heads * each), ops.constant("origin", Nd4j.zeros(setting.type, queries, 2)),
            shapes, heads, points);
        SDVariable sums =
            ops.linear(ops.reshape(weights, batch, queries, heads, each), ops.constant("ones", Nd4j.ones(setting.type, 1, each)), null,
                io.hiervl.tensor.Activation.NONE);
        g.output("y", ops.reshape(ops.mul(ops.reshape(y, batch, queries, heads, v[3]), sums), c.shape("y")));
        g.verify();
    }

    private static void deformableModule(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        Ops ops = g.ops;
        g.params(n -> "m." + n);
        int[][] shapes = shapes(c.config("shapes_hw"));
        int heads = c.integer("heads");
        int points = c.integer("points");
        Scope s = g.scope("m");
        INDArray reference = ReferencePoints.of(shapes, setting.type);
        SDVariable query = ops.add(g.input("x"), g.input("pos"));
        g.output("y", MSDeformAttn.apply(s, query, g.input("x"), ops.constant("reference", reference), shapes, heads, points));
        long[] a = c.shape("attention");
        SDVariable weights = ops.reshape(s.linear("attention_weights", query), a[0], a[1], heads, (long) shapes.length * points);
        g.output("attention", ops.reshape(ops.softmax(weights), a));
        long[] r = c.shape("reference_points");
        g.output("reference_points", ops.broadcast(ops.constant("points", reference.reshape(1, r[1], 1, 2)), r));
        g.verify();
    }

    private static void initialOffsets(Case c, Setting setting) {
        ParameterStore store = new ParameterStore();
        int heads = c.integer("heads");
        MSDeformAttn.init(new Initializer(store, DataType.FLOAT, new Random(1), "m", Group.NEW), 4 * heads, heads, c.integer("levels"),
            c.integer("points"));
        c.check("sampling_offsets.bias", store.get("m.sampling_offsets.bias").array());
        c.check("sampling_offsets.weight_abs_max", store.get("m.sampling_offsets.weight").array().amax());
        c.check("attention_weights.abs_max", Nd4j.concat(0, store.get("m.attention_weights.weight").array().ravel(),
            store.get("m.attention_weights.bias").array().ravel()).amax());
    }

    private static void sinePositions(Case c, Setting setting) {
        int h = c.integer("h");
        int w = c.integer("w");
        int d = 2 * c.integer("features");
        c.check("pos", SinePositions.ofMap(h, w, d, DataType.DOUBLE).transpose().dup('c').reshape(1, d, h, w));
        c.check("pos", SinePositions.ofMap(h, w, d, DataType.FLOAT).transpose().dup('c').reshape(1, d, h, w));
    }

    /** Parameters of an encoder or decoder layer under the program's names. */
    static void layerParams(GoldenGraph g, String golden, String ours, boolean encoder) {
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
                g.param(name,
                    ours + local.replace("cross_attn_layer_norm", "norm1").replace("self_attn_layer_norm", encoder ? "norm1" : "norm2")
                        .replace("final_layer_norm", "norm3"));
            }
        }
    }

    private static EncoderLayer plainLayer(Case c) {
        return new EncoderLayer(c.integer("heads"), c.integer("points"), false, true, true);
    }

    private static void encoderLayer(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        layerParams(g, "", "l.", true);
        int[][] shapes = shapes(c.config("shapes_hw"));
        SDVariable reference = g.ops.constant("reference", ReferencePoints.of(shapes, setting.type));
        g.output("y", plainLayer(c).apply(g.scope("l"), g.input("x"), List.of(),
            new EncoderLayer.Context(g.input("pos"), reference, shapes, List.of(), null, null, null)).pixels());
        g.verify();
    }

    private static void pixelDecoder(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        int layers = c.integer("layers");
        for (int i = 0; i < layers; i++) {
            layerParams(g, "encoder.layers." + i + ".", "p.layers." + i + ".", true);
        }
        g.params(n -> n.startsWith("encoder.") ? null
            : "p." + n.replace("input_projections.", "input_proj.").replace("adapter_1.", "lateral.")
                .replace("layer_1.", "output.").replace("mask_projection", "mask_features").replace(".0.weight", ".conv.weight")
                .replace(".0.bias", ".conv.bias").replace(".1.weight", ".norm.weight").replace(".1.bias", ".norm.bias"));
        List<SDVariable> pyramid = List.of(g.input("f1"), g.input("f2"), g.input("f3"), g.input("f4"));
        PixelDecoder.Output out =
            new PixelDecoder(plainLayer(c), layers, c.integer("group_norm_groups")).apply(g.scope("p"),
                pyramid.stream().map(FeatureMap::of).toList(), List.of(), null);
        g.output("mask_features", out.feature());
        String[] names = {"memory_s32", "memory_s16", "memory_s8"};
        for (int i = 0; i < names.length; i++) {
            g.output(names[i], g.ops.toMap(out.memory().get(i), out.shapes()[i][0], out.shapes()[i][1]));
        }
        g.verify();
    }

    private static void decoderLayer(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        Ops ops = g.ops;
        layerParams(g, "", "l.", false);
        int heads = c.integer("heads");
        long[] s = c.shape("blocked");
        SDVariable open = ops.reshape(ops.scale(g.constant("blocked"), -1, 1), s[0] / heads, heads, s[1], s[2]);
        // The program masks all heads alike; the fixture does not.
        List<SDVariable> masks = new ArrayList<>();
        for (int h = 0; h < heads; h++) {
            masks.add(ops.reshape(ops.slice(open, 1, h, h + 1L), s[0] / heads, s[1], s[2]));
        }
        SDVariable value = g.input("mem");
        SDVariable key = ops.add(value, g.input("pos"));
        SpyOps spy = new SpyOps(ops);
        spy.maskHeads(masks);
        SDVariable qpos = g.input("qpos");
        g.output("y", DecoderLayer.apply(new Scope(spy.ops(), g.store, "l"), g.input("q"), qpos, key, value, heads, masks.get(0), null));
        // What self-attention sees is what comes out of the first norm.
        SDVariable placed = ops.add(spy.results("l.norm1").get(0), qpos);
        g.output("self_attention", probabilities(g.scope("l.self_attn"), placed, heads));
        g.verify();
    }

    /** Attention of rows among themselves (B,heads,Q,Q), which the program does not keep. */
    private static SDVariable probabilities(Scope s, SDVariable x, int heads) {
        Ops ops = s.ops();
        long[] d = ops.shape(x);
        SDVariable[] parts = new SDVariable[2];
        String[] names = {"q_proj", "k_proj"};
        for (int i = 0; i < 2; i++) {
            parts[i] = ops.permute(ops.reshape(s.linear(names[i], x), d[0], d[1], heads, d[2] / heads), 0, 2, 1, 3);
        }
        return ops.softmax(ops.scale(ops.bmm(parts[0], parts[1], false, true), 1 / Math.sqrt((double) d[2] / heads), 0));
    }

    private static void decoder(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        int layers = c.integer("layers");
        for (int i = 0; i < layers; i++) {
            layerParams(g, "layers." + i + ".", "d.layers." + i + ".", false);
        }
        g.params(n -> n.startsWith("layers.") ? null
            : "d." + n.replace("layernorm", "decoder_norm").replace("mask_predictor.mask_embedder.", "mask_head.")
                .replace(".0.weight", ".weight").replace(".0.bias", ".bias"));
        int[][] shapes = shapes(c.config("levels_hw"));
        int width = (int) c.shape("q")[2];
        // The fixture's memory has its level embedding already, and there are no classes.
        g.store.add("d.level_embed", Nd4j.zeros(setting.type, shapes.length, width), Group.FROZEN, false);
        g.store.add("d.class_head.weight", Nd4j.zeros(setting.type, 2, width), Group.FROZEN, false);
        g.input("qpos", "d.query_pos");
        List<SDVariable> memory = new ArrayList<>();
        List<SDVariable> positions = new ArrayList<>();
        for (int i = 0; i < shapes.length; i++) {
            memory.add(g.input("mem" + i));
            positions.add(g.input("pos" + i));
        }
        PixelDecoder.Output pixels = new PixelDecoder.Output(memory, positions, shapes, g.input("pixel"), List.of(), List.of());
        SpyOps spy = new SpyOps(g.ops);
        List<DQTD.Prediction> out =
            new DQTD(c.integer("heads"), layers, false).apply(new Scope(spy.ops(), g.store, "d"), g.input("q"), null, pixels, true);
        for (int i = 0; i <= layers; i++) {
            g.output("normed_hidden_" + i, out.get(i).query());
            g.output("mask_logits_" + i, out.get(i).masks());
        }
        g.output("last_hidden", spy.inputs("d.decoder_norm").get(layers));
        g.verify();
    }

    private static void pointSample(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        SDVariable y = new PointSample().apply(g.ops.sd(), g.input("x"), g.input("points"));
        g.output("y", ((FusedOps) g.ops).adopt(y, c.shape("y")));
        g.verify();
    }

    private static void semanticInference(Case c, Setting setting) {
        GoldenGraph g = new GoldenGraph(c, setting);
        long[] classes = c.shape("class_logits");
        long[] size = c.shape("scores_resized");
        SDVariable scores =
            SemanticInference.scores(g.ops, g.input("class_logits"), g.input("mask_logits"), (int) classes[2] - 1, null, classes[1]);
        SDVariable resized = g.ops.resize(scores, (int) size[2], (int) size[3], Resize.BILINEAR);
        g.output("scores", scores);
        g.output("scores_resized", resized);
        g.verify();
        c.check("labels", PseudoLabels.of(g.ops.sd().output(java.util.Map.of(), resized.name()).get(resized.name())).labels());
    }
}
