package io.hiervl.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.backbone.Backbones;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.RandomClip;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.Recipes;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.ParameterStore.Group;
import io.hiervl.image.ClipNormalize;
import io.hiervl.op.SameDiffOps;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class NetworkParametersTest {
    static final ClipArchitecture CLIP = ClipArchitecture.of(32, 4, 2, 8, 32, 32, 1, 2, 16, 40, 24);
    private static ClipWeights weights;

    @BeforeAll
    static void start() {
        SameDiffOps.start();
        weights = RandomClip.weights(CLIP, new Random(3));
    }

    static ModelConfig config(String... more) {
        List<String> settings =
            new ArrayList<>(List.of("model.dim=32", "model.heads=4", "model.n_enc=1", "model.n_dec=2", "model.enc_ffn=32",
                "model.dec_ffn=32", "model.cm_dim=8", "model.norm_groups=8", "model.visual_queries=4", "model.taps=null"));
        settings.addAll(List.of(more));
        return Recipes.load("tiny", settings).model();
    }

    private static ParameterStore store(ModelConfig config) {
        return NetworkParameters.create(config, weights, 3, 8, new int[] {1, 2, 3, 4}, DataType.FLOAT, new Random(5));
    }

    @Test
    void groupsAndDecay() {
        ParameterStore store = store(config());
        assertEquals(Group.VIT, store.get("vision.blocks.0.attn.in_proj_weight").group());
        assertTrue(store.get("vision.blocks.0.attn.in_proj_weight").decay());
        assertFalse(store.get("vision.positional_embedding").decay());
        assertFalse(store.get("vision.blocks.0.ln_1.weight").decay());
        assertEquals(Group.FROZEN, store.get("frozen.vision.conv1.weight").group());
        assertEquals(Group.FROZEN, store.get("text.blocks.0.mlp.c_fc.weight").group());
        assertEquals(Group.PROMPT, store.get("text_prompt").group());
        assertEquals(Group.NEW, store.get("hsqg.scale").group());
        assertFalse(store.get("hsqg.scale").decay());
        assertFalse(store.get("query_decoder.query_pos").decay());
        assertTrue(store.get("query_decoder.layers.0.fc1.weight").decay());
        assertEquals(65, store.get("vision.positional_embedding").array().size(0));
        // Training must not reach the frozen copy.
        store.get("vision.conv1.weight").array().muli(2);
        assertNotEquals(store.get("vision.conv1.weight").array().getDouble(0),
            store.get("frozen.vision.conv1.weight").array().getDouble(0));
    }

    @Test
    void attentionOnlyTraining() {
        ParameterStore store = store(config("model.trainable=attn_pos_only"));
        assertEquals(Group.VIT, store.get("vision.blocks.1.attn.out_proj.weight").group());
        assertEquals(Group.VIT, store.get("vision.positional_embedding").group());
        assertEquals(Group.FROZEN, store.get("vision.blocks.1.mlp.c_fc.weight").group());
    }

    @Test
    void promptEndsWithTheTemplate() {
        ModelConfig config = config("model.prompt_init=template");
        ParameterStore store = store(config);
        INDArray prompt = store.get("text_prompt").array();
        assertEquals(prompt.getRow(config.clip().textPromptTokens() - 1), weights.get("text.token_embedding").getRow(4));
    }

    @Test
    void sameSeedSameParameters() {
        ParameterStore a = store(config());
        ParameterStore b = store(config());
        for (ParameterStore.Parameter p : a.all()) {
            assertEquals(p.array(), b.get(p.name()).array(), p.name());
        }
    }

    @Test
    void normGroupsMustFitTheTower() {
        assertThrows(HierVlException.class, () -> store(config("model.dim=48", "model.heads=4", "model.norm_groups=24")));
    }

    @Test
    void gateStartsFromTheSimilaritiesOfTheFirstBatch() {
        ParameterStore store = store(config());
        HSQG.initGate(store, "hsqg", Nd4j.createFromArray(0.1, 0.3, 0.1, 0.3), 50);
        double std = 0.1 * Math.sqrt(4.0 / 3);
        assertEquals(2 / std, store.get("hsqg.gate_w").array().getDouble(0), 1e-4);
        assertEquals(-2 / std * 0.2, store.get("hsqg.gate_b").array().getDouble(0), 1e-4);
        HSQG.initGate(store, "hsqg", Nd4j.createFromArray(0.21, 0.22, 0.21, 0.22), 50);
        assertEquals(50, store.get("hsqg.gate_w").array().getDouble(0), 1e-4);
    }

    /** Ground truth switches rows off exactly; without it no row is off. */
    @Test
    void literalGate() {
        FusedOps ops = new FusedOps(Graphs.create(), DataType.FLOAT);
        ParameterStore store = store(config());
        SDVariable t = ops.constant("t", Nd4j.rand(DataType.FLOAT, 3, 24));
        SDVariable v = ops.constant("v", Nd4j.rand(DataType.FLOAT, 2, 24));
        Gate gate = HSQG.gate(HierVlNetwork.root(ops, store).at("hsqg"), t, v,
            ops.constant("p", Nd4j.createFromArray(new float[][] {{1, 0, 0}, {1, 0, 1}})),
            ops.constant("u", Nd4j.createFromArray(1f, 0f)), false);
        try (GraphRunner.Result r = ops.runner(List.of(gate.s().name(), gate.keyBias().name())).run(Map.of())) {
            assertArrayEquals(new float[] {1, 0, 0}, r.output(gate.s().name()).getRow(0).toFloatVector());
            assertArrayEquals(new float[] {0, -1e4f, -1e4f}, r.output(gate.keyBias().name()).getRow(0).toFloatVector());
            assertArrayEquals(new float[] {0, 0, 0}, r.output(gate.keyBias().name()).getRow(1).toFloatVector());
        }
    }

    @Test
    void weightsOfEquation1() {
        assertEquals(Set.of("layers.0", "layers.1"), owners(config("model.n_enc=2")));
        assertEquals(Set.of(""), owners(config("model.n_enc=2", "model.cmsam=shared")));
        assertEquals(Set.of(), owners(config("model.n_enc=2", "model.cmsam=off")));
    }

    /** The parts of the pixel decoder that have weights of equation 1. */
    private static Set<String> owners(ModelConfig config) {
        return store(config).all().stream().map(ParameterStore.Parameter::name).filter(n -> n.endsWith("cmsam.W_K.weight"))
            .map(n -> n.replaceAll("^pixel_decoder\\.|\\.?cmsam\\.W_K\\.weight$", "")).collect(Collectors.toSet());
    }

    @Test
    void anOpenGateLeavesQueriesAsTheyAre() {
        FusedOps ops = new FusedOps(Graphs.create(), DataType.FLOAT);
        ParameterStore store = store(config());
        SDVariable t = ops.constant("t", Nd4j.rand(DataType.FLOAT, 3, 24));
        SDVariable v = ops.constant("v", Nd4j.rand(DataType.FLOAT, 2, 24));
        HSQG.Output out = HSQG.open(HierVlNetwork.root(ops, store).at("hsqg"), t, v, 1);
        String free = HSQG.ungated(HierVlNetwork.root(ops, store).at("hsqg"), t, 1).get(0).name();
        String gated = out.queries().get(0).name();
        try (GraphRunner.Result r = ops.runner(List.of(free, gated, out.gate().keyBias().name())).run(Map.of())) {
            for (int image = 0; image < 2; image++) {
                assertArrayEquals(r.output(free).data().asFloat(), r.output(gated).slice(image).dup().data().asFloat());
            }
            assertEquals(0, r.output(out.gate().keyBias().name()).amaxNumber().doubleValue());
        }
    }

    /** Every reading of the network can be built and gives finite scores that depend on the image. */
    @Test
    void allAlternativesRun() {
        for (String[] settings : new String[][] {
            {"model.visual_queries=0"}, {"model.visual_prompt_tokens=0"}, {"model.text_prompt_tokens=0"}, {"model.cmsam_literal=true"},
            {"model.cmsam_levels=all", "model.levels=2"}, {"model.cmsam_levels=all", "model.levels=1"},
            {"model.attention_order=cross_first"},
            {"model.gate_key_bias=false"}, {"model.gate_class_probability=true"}, {"model.no_object=false"},
            {"model.visual_rows_in_s=false"},
            {"model.gate_class_probability=true", "model.visual_queries=0"}, {"model.pos_resize=bilinear"}, {"model.cmsam=shared"},
            {"model.cmsam=off", "model.levels=1"}, {"model.dynamic_masks=false"},
            {"model.gate_mode=none", "loss.gate=0"}, {"model.stem=16"}, {"model.unet=8"}, {"model.n_dec=0"},
            {"model.mask_head=residual"}, {"model.mask_head=residual", "model.dynamic_masks=false"}}) {
            ModelConfig config = config(settings);
            ParameterStore store = store(config);
            INDArray text = Nd4j.rand(DataType.FLOAT, 3, 24);
            text.diviColumnVector(text.norm2(1));
            ImageTowers towers = ImageTowers.of(Backbones.ofClip(CLIP, ClipNormalize.openai()));
            InferenceGraphs graphs = new InferenceGraphs(new HierVlNetwork(config, towers, 3), store, text);
            INDArray a = graphs.scores(Nd4j.rand(DataType.FLOAT, 1, 3, 48, 64));
            INDArray b = graphs.scores(Nd4j.rand(DataType.FLOAT, 1, 3, 48, 64));
            String what = String.join(" ", settings);
            assertArrayEquals(new long[] {1, 3, 48, 64}, a.shape(), what);
            assertTrue(Double.isFinite(a.sumNumber().doubleValue()), what);
            assertTrue(a.sub(b).amaxNumber().doubleValue() > 0, what);
        }
    }
}
