package io.hiervl.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.hiervl.backbone.Backbones;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.DensePath;
import io.hiervl.clip.EotRule;
import io.hiervl.clip.RandomClip;
import io.hiervl.clip.TextTower;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.Recipes;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import io.hiervl.image.ClipNormalize;
import io.hiervl.op.SameDiffOps;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Gradients of the whole network, text tower included, in double precision. */
class NetworkGradientTest {
    private static final ClipArchitecture CLIP = ClipArchitecture.of(16, 4, 2, 8, 32, 16, 1, 2, 16, 40, 12);

    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    /**
     * With predicted gates the towers are left out of the direction, because the gate's similarity is cut off from them,
     * which finite differences cannot know; with ground truth they take part.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyParameterLearnsAndTheDirectionalDerivativeIsRight(boolean truth) {
        ModelConfig config = Recipes.load("tiny",
            List.of("model.dim=16", "model.heads=2", "model.n_enc=1", "model.n_dec=2", "model.enc_ffn=16",
                "model.dec_ffn=16", "model.cm_dim=4", "model.norm_groups=4", "model.visual_queries=4", "model.taps=null",
                "model.visual_prompt_tokens=2",
                "model.text_prompt_tokens=4", "model.stem=" + (truth ? 8 : 0), "model.unet=" + (truth ? 0 : 8)))
            .model();
        Random random = new Random(11);
        ParameterStore store =
            NetworkParameters.create(config, RandomClip.weights(CLIP, random), 3, 4, new int[] {1, 2, 3, 4}, DataType.DOUBLE, random);
        // Away from the kinks of bilinear sampling, where offsets start.
        INDArray offsets = store.get("pixel_decoder.layers.0.self_attn.sampling_offsets.bias").array();
        for (int i = 0; i < offsets.length(); i++) {
            offsets.putScalar(i, offsets.getDouble(i) * 0.3 + 0.1 * random.nextDouble());
        }
        store.get("phi_text.2.weight").array().addi(0.1);
        // The last convolutions of stem and U-Net start at 0, and nothing before them would have a gradient.
        store.all().stream().filter(p -> p.name().matches("(stem\\.out|unet\\.classes).*weight")).forEach(p -> p.array().addi(Nd4j.create(
            random.doubles(p.array().length()).map(x -> x - 0.5).toArray(), p.array().shape(), 'c')));
        HSQG.initGate(store, "hsqg", Nd4j.createFromArray(-0.2, 0.3, 0.1, 0.0), 50);
        FusedOps ops = new FusedOps(Graphs.create(), DataType.DOUBLE);
        Scope root = HierVlNetwork.root(ops, store);
        ImageTowers towers = ImageTowers.of(Backbones.ofClip(CLIP, ClipNormalize.openai()));
        SDVariable loss = loss(new HierVlNetwork(config, towers, 3), ops, root, random, truth);
        List<String> names = store.all().stream().filter(ParameterStore.Parameter::trainable).map(ParameterStore.Parameter::name).toList();
        GraphRunner runner = ops.runner(List.of(loss.name()), loss.name(), names);
        Map<String, INDArray> gradients = new HashMap<>();
        try (GraphRunner.Result r = runner.run(Map.of())) {
            for (String name : names) {
                if (truth && name.startsWith("hsqg.gate_")) {
                    gradients.put(name, store.get(name).array().like());
                    continue;
                }
                INDArray g = r.gradient(name);
                assertNotNull(g, "no gradient for " + name);
                gradients.put(name, g.dup('c'));
            }
        }
        List<String> zero = new ArrayList<>(names.stream().filter(n -> gradients.get(n).norm2Number().doubleValue() < 1e-12).toList());
        // Keys shifted by a constant change no softmax.
        zero.removeIf(n -> n.endsWith("k_proj.bias") || truth && n.startsWith("hsqg.gate_"));
        assertEquals(List.of(), zero, "parameters without any influence");
        Map<String, INDArray> direction = new HashMap<>();
        double expected = 0;
        for (String name : names) {
            if (!truth && (name.startsWith("vision.") || name.equals("text_prompt"))) {
                continue;
            }
            INDArray g = gradients.get(name);
            INDArray d = Nd4j.create(random.doubles(g.length()).map(x -> x - 0.5).toArray(), g.shape(), 'c');
            direction.put(name, d);
            expected += d.mul(g).sumNumber().doubleValue();
        }
        double h = 1e-7;
        double up = at(runner, loss.name(), store, direction, h);
        double down = at(runner, loss.name(), store, direction, -2 * h);
        assertEquals(expected, (up - down) / (2 * h), 1e-4 * Math.abs(expected));
    }

    private static double at(GraphRunner runner, String loss, ParameterStore store, Map<String, INDArray> direction, double step) {
        direction.forEach((name, d) -> store.get(name).array().addi(d.mul(step)));
        try (GraphRunner.Result r = runner.run(Map.of())) {
            return r.output(loss).getDouble(0);
        }
    }

    private static SDVariable loss(HierVlNetwork network, Ops ops, Scope root, Random random, boolean truth) {
        TextTower.Tokens tokens = TextTower.Tokens.of(new int[][] {{38, 5, 39, 0}, {38, 6, 7, 39}, {38, 9, 39, 0}}, EotRule.HIGHEST);
        SDVariable t = new TextTower(CLIP).apply(root.at("text"),
            ops.constant("names", tokens.embeddings(root.store().get("text.token_embedding").array())), root.get("text_prompt"),
            ops.constant("ends", tokens.endSelector(4, DataType.DOUBLE))).normalised();
        SDVariable images = ops.constant("images",
            Nd4j.create(random.doubles(2 * 3 * 32 * 32).map(x -> 2 * x - 1).toArray(), new long[] {2, 3, 32, 32}, 'c'));
        HierVlNetwork.Features features = network.encode(root, images, DensePath.LAST);
        HierVlNetwork.Output out =
            network.decode(root, features, t, ops.constant("presence", Nd4j.createFromArray(new double[][] {{1, 0, 1}, {0, 1, 0}})),
                ops.constant("use_gt", Nd4j.createFromArray(1.0, truth ? 1.0 : 0.0)), true);
        SDVariable loss = weighted(ops, SemanticInference.logScores(ops, network.scores(ops, out), 32, 32, 0.5), random);
        for (DQTD.Prediction p : out.predictions()) {
            loss = ops.add(loss, weighted(ops, p.classes(), random));
            loss = ops.add(loss, ops.scale(weighted(ops, p.masks(), random), 0.1, 0));
        }
        if (!truth) {
            loss = ops.add(loss, weighted(ops, out.gate().logit(), random));
        }
        loss = ops.add(loss, weighted(ops, features.dense(), random));
        loss = ops.add(loss, weighted(ops, Phi.query(root.at("phi_query"), out.last().query()), random));
        return ops.add(loss, weighted(ops, Phi.text(root.at("phi_text"), t), random));
    }

    private static SDVariable weighted(Ops ops, SDVariable x, Random random) {
        long[] s = ops.shape(x);
        long n = java.util.Arrays.stream(s).reduce(1, (a, b) -> a * b);
        return ops.sum(ops.mul(x, ops.constant("w", Nd4j.create(random.doubles(n).map(v -> v - 0.5).toArray(), s, 'c'))));
    }
}
