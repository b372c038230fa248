package io.hiervl.backbone;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.choice.Backends;
import io.hiervl.clip.DensePath;
import io.hiervl.clip.TowerParameters.Trained;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import io.hiervl.graph.StockOps;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** DINOv2 towers from ONNX files of both layouts and both exporters, against PyTorch. */
class Dinov2Test {
    private static final double TOLERANCE = 1e-4;

    /** Every block's taps, the class token and the dense embeddings, at the table's own size and at another one. */
    @ParameterizedTest
    @CsvSource({
        "hf-torchscript, 0, false, PLAIN", "hf-dynamo, 0, false, PLAIN", "hf-registers-dynamo, 4, false, ANTIALIAS",
        "hf-swiglu-torchscript, 0, true, PLAIN", "official-torchscript, 0, false, OFFSET", "official-registers-dynamo, 4, false, ANTIALIAS",
        "official-swiglu-dynamo, 0, true, OFFSET"})
    void agreesWithPyTorch(String folder, int registers, boolean gated, Dinov2Sizes.Positions positions) {
        BackboneWeights read = Backbones.open(Dinov2Fixture.ROOT.resolve(folder));
        Dinov2Sizes sizes = new Dinov2Sizes(32, 2, 4, 14, 56, gated ? 48 : 64, registers, gated, 1e-6, positions);
        assertEquals(sizes, ((Dinov2) read.backbone()).sizes());
        assertArrayEquals(new float[] {0.485f, 0.456f, 0.406f}, read.backbone().colours().mean());
        List<Dinov2Fixture.State> states = Dinov2Fixture.states(folder);
        assertEquals(4, states.size(), "two images, two blocks");
        for (Dinov2Fixture.State s : states) {
            for (boolean stock : new boolean[] {false, true}) {
                compare(read, s, stock);
            }
        }
    }

    private static void compare(BackboneWeights read, Dinov2Fixture.State s, boolean stock) {
        Ops ops = stock ? new StockOps(Graphs.create(), DataType.FLOAT) : new FusedOps(Graphs.create(), DataType.FLOAT);
        ParameterStore store = store(read, Trained.NONE, 4);
        SDVariable in = ops.placeholder("images", s.image().shape());
        Backbone.Output out = read.backbone().apply(new Scope(ops, store, "vision"), in, List.of(s.block()), DensePath.LAST);
        List<String> names = List.of(out.taps().get(0).name(), out.embedding().name(), out.dense().name());
        Map<String, INDArray> got = run(ops, s.image(), names);
        INDArray expected = s.tokens();
        long n = s.image().size(2) / 14 * (s.image().size(3) / 14);
        INDArray patches = expected.get(NDArrayIndex.all(), NDArrayIndex.interval(expected.size(1) - n, expected.size(1)),
            NDArrayIndex.all());
        INDArray map = got.get(names.get(0));
        equal("tap", patches, map.reshape('c', 1, map.size(1), n).permute(0, 2, 1));
        if (s.block() == 1) {
            equal("class token", expected.get(NDArrayIndex.all(), NDArrayIndex.point(0), NDArrayIndex.all()), got.get(names.get(1)));
            equal("dense", patches, got.get(names.get(2)));
        }
    }

    private static ParameterStore store(BackboneWeights read, Trained trained, int side) {
        ParameterStore store = new ParameterStore();
        read.backbone().addParameters(store, "vision", read.arrays(), trained, side, DataType.FLOAT);
        return store;
    }

    private static Map<String, INDArray> run(Ops ops, INDArray images, List<String> names) {
        if (ops instanceof StockOps) {
            return ops.sd().output(Map.of("images", images), names.toArray(String[]::new));
        }
        Map<String, INDArray> got = new HashMap<>();
        try (GraphRunner.Result r = new GraphRunner(Backends.host(), ops.sd(), names).run(Map.of("images", images))) {
            names.forEach(n -> got.put(n, r.output(n).dup('c')));
        }
        return got;
    }

    private static void equal(String what, INDArray expected, INDArray got) {
        float[] a = expected.dup('c').ravel().toFloatVector();
        float[] b = got.dup('c').ravel().toFloatVector();
        assertEquals(a.length, b.length, what);
        double worst = 0;
        for (int i = 0; i < a.length; i++) {
            worst = Math.max(worst, Math.abs(a[i] - b[i]));
            assertTrue(Float.isFinite(b[i]), what);
        }
        assertTrue(worst <= TOLERANCE, what + " differs by " + worst);
    }

    /** The table resized when parameters are added, and the one resized in the graph, give the same embeddings. */
    @ParameterizedTest
    @CsvSource({"hf-dynamo", "official-registers-dynamo", "official-swiglu-dynamo"})
    void aTableResizedInTheStoreIsTheOneOfTheGraph(String folder) {
        BackboneWeights read = Backbones.open(Dinov2Fixture.ROOT.resolve(folder));
        INDArray image = org.nd4j.linalg.factory.Nd4j.rand(DataType.FLOAT, 1, 3, 84, 84);
        INDArray[] found = new INDArray[2];
        for (int i = 0; i < 2; i++) {
            Ops ops = new FusedOps(Graphs.create(), DataType.FLOAT);
            ParameterStore store = store(read, Trained.ALL, i == 0 ? 4 : 6);
            assertEquals(i == 0 ? 17 : 37, store.get("vision.pos_embed").array().size(0));
            SDVariable images = ops.placeholder("images", 1, 3, 84, 84);
            SDVariable dense = read.backbone().apply(new Scope(ops, store, "vision"), images, List.of(), DensePath.LAST).dense();
            found[i] = run(ops, image, List.of(dense.name())).get(dense.name());
        }
        equal("dense", found[0], found[1]);
    }

    @ParameterizedTest
    @CsvSource("official-registers-dynamo")
    void parametersHaveGroupsAndDecay(String folder) {
        BackboneWeights read = Backbones.open(Dinov2Fixture.ROOT.resolve(folder));
        ParameterStore all = store(read, Trained.ALL, 4);
        assertTrue(all.all().stream().allMatch(p -> p.group() == ParameterStore.Group.VIT));
        assertTrue(all.get("vision.blocks.1.attn.qkv.weight").decay());
        for (String name : List.of("pos_embed", "cls_token", "register_tokens", "blocks.0.ls1.gamma", "norm.weight")) {
            assertFalse(all.get("vision." + name).decay(), name);
        }
        ParameterStore some = store(read, Trained.ATTENTION_AND_POSITIONS, 4);
        assertTrue(some.get("vision.pos_embed").trainable() && some.get("vision.blocks.0.attn.proj.bias").trainable());
        assertFalse(some.get("vision.blocks.0.mlp.fc1.weight").trainable() || some.get("vision.patch_embed.proj.weight").trainable());
    }

    @ParameterizedTest
    @CsvSource({"12, '2,5,8,11'", "24, '4,11,17,23'", "40, '9,19,29,39'", "2, '0,0,0,1'"})
    void tapsAreThoseOfTheDenseTasks(int layers, String expected) {
        Dinov2Sizes sizes = new Dinov2Sizes(64, layers, 1, 14, 518, 256, 0, false, 1e-6, Dinov2Sizes.Positions.PLAIN);
        assertEquals(expected, String.join(",", new Dinov2(sizes, null).taps().stream().map(String::valueOf).toList()));
    }

    @ParameterizedTest
    @CsvSource({"hf-registers-dynamo", "official-swiglu-dynamo"})
    void aManifestDescribesTheTower(String folder) throws Exception {
        Backbone tower = Backbones.open(Dinov2Fixture.ROOT.resolve(folder)).backbone();
        com.fasterxml.jackson.databind.ObjectMapper json = new com.fasterxml.jackson.databind.ObjectMapper();
        Map<String, Object> entry = json.readValue(json.writeValueAsString(Backbones.describe(tower)),
            new com.fasterxml.jackson.core.type.TypeReference<Map<String, Object>>() {});
        assertEquals(tower, Backbones.described(entry, tower.colours()));
    }
}
