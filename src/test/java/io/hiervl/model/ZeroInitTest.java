package io.hiervl.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backbone.Backbones;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.DensePath;
import io.hiervl.clip.RandomClip;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.Recipes;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import io.hiervl.image.ClipNormalize;
import io.hiervl.op.SameDiffOps;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Parts that start at zero change nothing in the first step, and no draw of another part. */
class ZeroInitTest {
    private static final ClipArchitecture CLIP = ClipArchitecture.of(32, 4, 2, 8, 32, 32, 1, 2, 16, 40, 24);
    private static ClipWeights weights;

    @BeforeAll
    static void start() {
        SameDiffOps.start();
        weights = RandomClip.weights(CLIP, new Random(3));
    }

    private static ModelConfig config(String... more) {
        List<String> settings = new ArrayList<>(List.of("model.dim=32", "model.heads=4", "model.n_enc=2", "model.n_dec=3",
            "model.enc_ffn=32",
            "model.dec_ffn=32", "model.cm_dim=8", "model.norm_groups=8", "model.visual_queries=4", "model.taps=null", "model.mask_head=mlp",
            "model.zero_init_cmsam=false", "model.zero_init_text_attn=false", "model.zero_init_decoder=false"));
        settings.addAll(List.of(more));
        return Recipes.load("tiny", settings).model();
    }

    private static ParameterStore store(ModelConfig config) {
        return NetworkParameters.create(config, weights, 3, 8, new int[] {1, 2, 3, 4}, DataType.FLOAT, new Random(5));
    }

    /** Rows of one seed are pairs: only what is zero differs. */
    @Test
    void onlyTheNamedWeightsAreZeroAndAllOtherDrawsStay() {
        ParameterStore plain = store(config());
        ParameterStore zero = store(config("model.zero_init_cmsam=true", "model.zero_init_text_attn=true", "model.zero_init_decoder=true",
            "model.mask_head=residual"));
        List<String> changed = new ArrayList<>();
        plain.all().forEach(p -> {
            INDArray now = zero.get(p.name()).array();
            if (!now.equals(p.array())) {
                assertEquals(0, now.amaxNumber().doubleValue(), p.name());
                changed.add(p.name());
            }
        });
        assertEquals(plain.all().size(), zero.all().size());
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            expected.add("pixel_decoder.layers." + i + ".text_attn.out_proj.weight");
            expected.add("pixel_decoder.layers." + i + ".cmsam.W_V.weight");
        }
        for (int i = 0; i < 3; i++) {
            for (String part : List.of("cross_attn.out_proj", "self_attn.out_proj", "fc2")) {
                expected.add("query_decoder.layers." + i + "." + part + ".weight");
            }
        }
        expected.add("query_decoder.mask_head.2.weight");
        expected.add("query_decoder.mask_head.2.bias");
        assertEquals(expected.stream().sorted().toList(), changed.stream().sorted().toList());
    }

    /** Largest difference of mask logits between the first and the last prediction, against the largest logit. */
    private static double changeByDecoder(ModelConfig config) {
        try (GraphRunner.Result r = run(config)) {
            INDArray first = r.output("first");
            return r.output("last").sub(first).amaxNumber().doubleValue() / first.amaxNumber().doubleValue();
        }
    }

    private static GraphRunner.Result run(ModelConfig config) {
        ParameterStore store = store(config);
        FusedOps ops = new FusedOps(Graphs.create(), DataType.FLOAT);
        Scope root = HierVlNetwork.root(ops, store);
        HierVlNetwork network = new HierVlNetwork(config, ImageTowers.of(Backbones.ofClip(CLIP, ClipNormalize.openai())), 3);
        Nd4j.getRandom().setSeed(11);
        INDArray text = Nd4j.randn(DataType.FLOAT, 3, 24);
        text.diviColumnVector(text.norm2(1));
        SDVariable images = ops.constant("images", Nd4j.randn(DataType.FLOAT, 2, 3, 32, 32));
        HierVlNetwork.Output out =
            network.decode(root, network.encode(root, images, DensePath.NONE), ops.constant("t", text), null, null, true);
        List<DQTD.Prediction> p = out.predictions();
        p.get(0).masks().rename("first");
        out.last().masks().rename("last");
        SDVariable direct = MaskHead.masks(ops, p.get(0).query(), out.pixels().feature());
        direct.rename("direct");
        return ops.runner(List.of("first", "last", "direct")).run(Map.of());
    }

    @Test
    void aDecoderThatStartsAtZeroKeepsItsFirstPrediction() {
        // an open gate leaves rows large beside the epsilon of layer norm, which is all that is left of a layer
        double zero = changeByDecoder(config("model.zero_init_decoder=true", "model.gate_mode=none", "loss.gate=0"));
        double plain = changeByDecoder(config("model.gate_mode=none", "loss.gate=0"));
        assertTrue(zero < 0.01, "change with zeros: " + zero);
        assertTrue(plain > 0.1, "change without: " + plain);
    }

    @Test
    void aResidualMaskHeadStartsWithTheQueryAsKernel() {
        try (GraphRunner.Result r = run(config("model.mask_head=residual"))) {
            assertEquals(r.output("direct"), r.output("first"));
        }
        try (GraphRunner.Result r = run(config())) {
            assertNotEquals(r.output("direct"), r.output("first"));
        }
    }

    /** A factor of 1 changes nothing, a small one shrinks what a layer adds, and without the setting there is no factor. */
    @Test
    void layerScaleMultipliesWhatALayerAdds() {
        assertEquals(0, store(config()).all().stream().filter(p -> p.name().contains("layer_scale")).count());
        List<String> factors =
            store(config("model.layer_scale=0.5")).all().stream().map(p -> p.name()).filter(n -> n.contains("layer_scale")).toList();
        assertEquals(2 * 3 + 3 * 3, factors.size(), factors.toString());
        try (GraphRunner.Result plain = run(config()); GraphRunner.Result one = run(config("model.layer_scale=1"))) {
            assertEquals(plain.output("last"), one.output("last"));
        }
        // an open gate leaves rows large beside the epsilon of layer norm, which is all that is left of a layer
        double small = changeByDecoder(config("model.layer_scale=1e-4", "model.gate_mode=none", "loss.gate=0"));
        assertTrue(small < 0.01, "change with a small factor: " + small);
    }
}
