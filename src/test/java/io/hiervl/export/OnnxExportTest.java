package io.hiervl.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.HierVlException;
import io.hiervl.backbone.Backbones;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.RandomClip;
import io.hiervl.config.EvalConfig;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.Recipes;
import io.hiervl.eval.SlidingWindow;
import io.hiervl.graph.ParameterStore;
import io.hiervl.image.ClipNormalize;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.ImageTowers;
import io.hiervl.model.InferenceGraphs;
import io.hiervl.model.NetworkParameters;
import io.hiervl.onnx.OnnxModel;
import io.hiervl.op.SameDiffOps;
import io.hiervl.predict.GraphInference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Inference graphs as ONNX files, run by ONNX Runtime. */
class OnnxExportTest {
    private static final ClipArchitecture CLIP = ClipArchitecture.of(32, 4, 2, 8, 32, 32, 1, 2, 16, 40, 24);
    private static final List<String> SMALL = List.of("model.dim=32", "model.heads=4", "model.n_enc=1", "model.n_dec=2", "model.enc_ffn=32",
        "model.dec_ffn=32", "model.cm_dim=8", "model.norm_groups=8", "model.visual_queries=4", "model.taps=null", "loss.gate=0");

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    private static ExportSource source(int side, String... settings) {
        List<String> all = new ArrayList<>(SMALL);
        all.addAll(Arrays.asList(settings));
        ModelConfig config = Recipes.load("tiny", all).model();
        ParameterStore store =
            NetworkParameters.create(config, RandomClip.weights(CLIP, new Random(3)), 3, 4, new int[] {1, 2, 3, 4}, DataType.FLOAT,
                new Random(5));
        Random random = new Random(6);
        // Zero-initialised matrices would hide what they multiply, and equal norms an exchange.
        store.all().forEach(p -> {
            if (!p.name().startsWith("text.") && !p.name().startsWith("frozen.")) {
                p.array().addi(noise(random, 0.05, p.array().shape()));
            }
        });
        INDArray text = noise(new Random(7), 1, 3, 24);
        text.diviColumnVector(text.norm2(1));
        ExportMeta meta = ExportMeta.of(List.of("Hintergrund", "Straße", "木"),
            List.of(new int[] {0, 0, 0}, new int[] {128, 0, 0}, new int[] {0, 128, 255}),
            new double[] {0.5, 0.4, 0.3}, new double[] {0.2, 0.2, 0.2}, side, side, 8, Map.of("recipe", "tiny"));
        ImageTowers towers = ImageTowers.of(Backbones.ofClip(CLIP, ClipNormalize.openai()));
        return new ExportSource(new HierVlNetwork(config, towers, 3), store, text, meta);
    }

    private static INDArray noise(Random random, double deviation, long... shape) {
        double[] v = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        Arrays.setAll(v, i -> deviation * random.nextGaussian());
        return Nd4j.create(v, shape, 'c').castTo(DataType.FLOAT);
    }

    /** Every setting that changes the inference graph. */
    @ParameterizedTest
    @ValueSource(strings = {"model.temperature=0.5", "model.cmsam_literal=true", "model.cmsam_levels=all",
        "model.levels=2 model.cmsam_levels=all",
        "model.cmsam=shared", "model.cmsam=off", "model.attention_order=cross_first", "model.dynamic_masks=false", "model.gate_mode=none",
        "model.gate_key_bias=false", "model.gate_class_probability=true", "model.no_object=false", "model.temperature=1",
        "model.taps=[0,0,1,3]",
        "model.pos_resize=bilinear", "model.stem=8", "model.unet=8", "model.visual_rows_in_s=false", "model.visual_queries=0",
        "model.visual_prompt_tokens=0", "model.n_dec=0",
        "model.n_enc=2 model.n_dec=4 model.points=3 model.heads=2"})
    void everyAlternativeGivesTheNetworksScores(String settings) {
        ExportSource source = source(48, settings.split(" "));
        Path file = folder.resolve("model.onnx");
        ExportCheck check = ModelExport.write(file, source, ExportFormat.ONNX);
        assertTrue(check.maxAbsDiff() < 1e-4 * check.scale(), check.toString());
        assertEquals(0, check.relabelled(), check.toString());
        try (ExportedModel model = ExportedModel.load(file)) {
            INDArray images = noise(new Random(9), 1, 1, 3, 48, 48);
            INDArray scores = model.run(images);
            assertTrue(scores.stdNumber().doubleValue() > 1e-3, "scores are all alike");
            assertTrue(scores.sub(source.live().scores(images)).amaxNumber().doubleValue() < 1e-4 * check.scale());
        }
    }

    @Test
    void labelsAndPreprocessingTravelInTheMetadata() throws Exception {
        Path file = folder.resolve("any name");
        ModelExport.write(file, source(64), ExportFormat.ONNX);
        OnnxModel model = OnnxModel.read(file);
        assertEquals(17, model.opset());
        Set<String> domains = new TreeSet<>();
        model.proto().getGraph().getNodeList().forEach(n -> domains.add(n.getDomain()));
        assertEquals(Set.of(""), domains, "standard operators only");
        assertEquals(List.of("Hintergrund", "Straße", "木"), new ObjectMapper().readValue(model.metadata().get("classes"), List.class));
        assertEquals(List.of(0.5, 0.4, 0.3), new ObjectMapper().readValue(model.metadata().get("mean"), List.class));
        try (ExportedModel opened = ExportedModel.load(file)) {
            assertEquals(ExportFormat.ONNX, opened.format());
            assertEquals("木", opened.classNames().get(2));
            assertEquals(255, opened.meta().palette().get(2)[2]);
            assertEquals("tiny", opened.meta().attributes().get("recipe"));
            assertEquals(3, opened.ops().get("GridSample"), "one per level of the one encoder layer");
            assertEquals(4 * 64 * 64 - 64 * 64, opened.scores(new float[3 * 64 * 64], 64, 64).length);
            INDArray small = Nd4j.zeros(1, 3, 32, 32);
            assertTrue(assertThrows(HierVlException.class, () -> opened.run(small)).getMessage().contains("64"));
        }
    }

    /** Nodes are called after their module, and the shape of what a layer gives stands in the file. */
    @Test
    void nodesAreCalledAfterTheirModuleAndShapesAreKnown() {
        Path file = folder.resolve("model.onnx");
        ModelExport.write(file, source(64), ExportFormat.ONNX);
        var graph = OnnxModel.read(file).proto().getGraph();
        assertTrue(graph.getNodeList().stream().anyMatch(n -> n.getName().startsWith("/query_decoder.layers.0.cross_attn/")));
        Set<String> made = new TreeSet<>();
        graph.getNodeList().forEach(n -> made.addAll(n.getOutputList()));
        var shapes = graph.getValueInfoList();
        assertTrue(shapes.size() > graph.getNodeCount() / 4, shapes.size() + " shapes for " + graph.getNodeCount() + " nodes");
        shapes
            .forEach(v -> assertTrue(made.contains(v.getName()) && v.getType().getTensorType().getShape().getDimCount() > 0, v.getName()));
    }

    /** Overlapping windows are averaged as probabilities, whatever computes them. */
    @ParameterizedTest
    @ValueSource(strings = {"ONNX", "SAMEDIFF", "SAMEDIFF_STOCK"})
    void aPhotoOfSeveralWindowsGetsTheNetworksProbabilities(String format) {
        ExportSource source = source(32, "model.temperature=0.5");
        Path file = folder.resolve("model");
        ModelExport.write(file, source, ExportFormat.valueOf(format));
        SlidingWindow rule = new SlidingWindow(EvalConfig.Window.BLENDED, 32, 16);
        float[] picture = noise(new Random(4), 1, 3, 70, 90).data().asFloat();
        GraphInference network = new GraphInference(source.network(), source.store(), source.text(), source.meta().classes(), 32);
        try (ExportedModel model = ExportedModel.load(file)) {
            float[] want = rule.score(network, picture, 70, 90).values();
            float[] got = rule.score(model, picture, 70, 90).values();
            for (int i = 0; i < 70 * 90; i++) {
                assertEquals(1, got[i] + got[70 * 90 + i] + got[2 * 70 * 90 + i], 1e-4);
            }
            org.junit.jupiter.api.Assertions.assertArrayEquals(want, got, 1e-3f);
        }
    }

    @Test
    void aFileThatDoesNotAgreeIsNotLeftBehind() {
        ExportSource source = source(32);
        Path file = folder.resolve("model.onnx");
        ModelExport.write(file, source, ExportFormat.ONNX);
        InferenceGraphs other = source(32, "model.cmsam=off").live();
        try (ExportedModel model = ExportedModel.load(file)) {
            ExportCheck check = ExportCheck.run(model, other);
            HierVlException e = assertThrows(HierVlException.class, () -> check.require(file));
            assertEquals(HierVlException.Kind.MODEL, e.kind());
        }
    }

    @Test
    void foreignAndDamagedFilesAreNamed() throws Exception {
        RandomClip.bundle(ClipArchitecture.of(32, 1, 2, 8, 32, 32, 1, 2, 16, 400, 24), 1, folder);
        Path foreign = folder.resolve("onnx/vision_model.onnx");
        assertTrue(assertThrows(HierVlException.class, () -> ExportedModel.load(foreign)).getMessage().contains("not one of HierVL"));
        Path file = folder.resolve("model.onnx");
        ModelExport.write(file, source(32), ExportFormat.ONNX);
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
        assertTrue(assertThrows(HierVlException.class, () -> ExportedModel.load(file)).getMessage().contains("truncated"));
    }
}
