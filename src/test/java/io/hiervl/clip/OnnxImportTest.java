package io.hiervl.clip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.backend.choice.Backends;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import io.hiervl.graph.StockOps;
import io.hiervl.op.SameDiffOps;
import io.hiervl.tensor.Resize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Walks the manifest of exported CLIPs: what must import gives PyTorch's numbers, what must not says why. */
class OnnxImportTest {
    private static final Path ROOT = Path.of(System.getProperty("onnx.dir", "../shared/data/onnx"));

    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    @TestFactory
    Stream<DynamicTest> manifest() throws IOException {
        Path manifest = ROOT.resolve("manifest.json");
        assumeTrue(Files.isRegularFile(manifest), "no ONNX fixtures in " + ROOT);
        JsonNode variants = new ObjectMapper().readTree(Files.readString(manifest)).path("variants");
        return StreamSupport.stream(variants.spliterator(), false)
            .map(v -> DynamicTest.dynamicTest(v.path("id").asText(), () -> check(v)));
    }

    private static void check(JsonNode v) {
        Path folder = ROOT.resolve(v.path("id").asText());
        switch (v.path("expect").asText()) {
            case "import" -> imports(folder, v);
            case "refuse" -> refuses(folder, v);
            case "import_or_refuse" -> {
                ClipBundle bundle;
                try {
                    bundle = ClipBundle.open(folder);
                } catch (HierVlException e) {
                    assertEquals(HierVlException.Kind.MODEL, e.kind(), e.getMessage());
                    assertTrue(e.getMessage().contains(".onnx"), e.getMessage());
                    return;
                }
                compare(bundle, folder, v);
            }
            default -> throw new AssertionError("unknown expectation " + v.path("expect"));
        }
    }

    private static void imports(Path folder, JsonNode v) {
        compare(ClipBundle.open(folder), folder, v);
    }

    private static void compare(ClipBundle bundle, Path folder, JsonNode v) {
        ClipArchitecture a = bundle.weights().architecture();
        JsonNode vision = v.path("vision");
        assertEquals(new ClipArchitecture.Vision(vision.path("width").asInt(), vision.path("layers").asInt(),
            vision.path("heads").asInt(), vision.path("patch").asInt(), vision.path("image").asInt(),
            vision.path("mlp").asInt()), a.vision());
        JsonNode text = v.path("text");
        int vocab = text.path("vocab").isInt() ? text.path("vocab").asInt() : text.path("vocab").asText().equals("m486") ? 1000 : 49408;
        assertEquals(new ClipArchitecture.Text(text.path("width").asInt(), text.path("layers").asInt(),
            text.path("heads").asInt(), text.path("ctx").asInt(), vocab, text.path("mlp").asInt()), a.text());
        assertEquals(v.path("projection").asInt(), a.projection());
        assertEquals(vision.path("act").asText(), a.activation().configName());
        assertEquals(text.path("eos").asText().equals("first"), bundle.preprocessing().eot().firstOf() >= 0);
        assertEquals(v.path("opset").asInt(), a.source().opset());
        assertEquals(v.path("dtype").asText(), a.source().dtype());
        assertEquals(v.path("layout").asText(), a.source().layout());

        if (v.has("logit_scale")) {
            assertEquals(v.path("logit_scale").asDouble(), a.logitScale(), 1e-3);
        }
        ClipCheck.Result parity = ClipCheck.run(bundle, Progress.NONE);
        assertTrue(parity.agrees(), "against ONNX Runtime: " + parity);

        Path ref = folder.resolve("ref");
        double tolerance = v.path("tolerance_max_abs").asDouble();
        int[][] ids = Npy.read(ref.resolve("input_ids.npy")).intRows();
        List<Function<SameDiff, Ops>> both = List.of(sd -> new FusedOps(sd, DataType.FLOAT), sd -> new StockOps(sd, DataType.FLOAT));
        for (Function<SameDiff, Ops> ops : both) {
            ClipEmbedder embedder = new ClipEmbedder(bundle.weights(), bundle.preprocessing().eot(), ops);
            equal("text_embeds", Npy.read(ref.resolve("text_embeds.npy")), embedder.embedTexts(ids), tolerance);
            vision(bundle, ref, tolerance, ops.apply(Graphs.create()));
        }
    }

    /** The image embedding, the projected tokens and the residual stream after each block that the reference has. */
    private static void vision(ClipBundle bundle, Path ref, double tolerance, Ops ops) {
        ClipWeights weights = bundle.weights();
        int layers = weights.architecture().vision().layers();
        Npy pixels = Npy.read(ref.resolve("pixel_values.npy"));
        INDArray images = Nd4j.createFromArray(pixels.floats()).reshape('c', pixels.shape()[0], 3, pixels.shape()[2], pixels.shape()[3]);
        ParameterStore store = new ParameterStore();
        TowerParameters.addVision(store, "vision", weights, TowerParameters.Trained.NONE,
            weights.architecture().vision().grid(), Resize.BICUBIC, DataType.FLOAT);
        List<Integer> taps = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            if (Files.isRegularFile(ref.resolve("vision_hidden_" + (i + 1) + ".npy"))) {
                taps.add(i);
            }
        }
        SDVariable in = ops.placeholder("pixels", images.shape());
        VisionTower.Output out = new VisionTower(weights.architecture())
            .apply(new Scope(ops, store, "vision"), in, taps, DensePath.LAST);
        List<String> names = new ArrayList<>(List.of(out.raw().name(), out.dense().name()));
        out.taps().forEach(t -> names.add(t.name()));
        Map<String, INDArray> got = run(ops, images, names);
        equal("image_embeds", Npy.read(ref.resolve("image_embeds.npy")), got.get(names.get(0)), tolerance);
        tokens("vision_projected_tokens", Npy.read(ref.resolve("vision_projected_tokens.npy")), got.get(names.get(1)), tolerance);
        for (int i = 0; i < taps.size(); i++) {
            INDArray map = got.get(names.get(2 + i));
            INDArray rows = map.reshape('c', map.size(0), map.size(1), map.size(2) * map.size(3)).permute(0, 2, 1);
            tokens("vision_hidden_" + (taps.get(i) + 1), Npy.read(ref.resolve("vision_hidden_" + (taps.get(i) + 1) + ".npy")), rows,
                tolerance);
        }
    }

    private static Map<String, INDArray> run(Ops ops, INDArray images, List<String> names) {
        if (ops instanceof StockOps) {
            return ops.sd().output(Map.of("pixels", images), names.toArray(String[]::new));
        }
        Map<String, INDArray> got = new HashMap<>();
        try (GraphRunner.Result r = new GraphRunner(Backends.host(), ops.sd(), names).run(Map.of("pixels", images))) {
            names.forEach(n -> got.put(n, r.output(n).dup('c')));
        }
        return got;
    }

    /** Compares (B,N,D) with a reference (B,1+N,D) that begins with the class token. */
    private static void tokens(String name, Npy expected, INDArray got, double tolerance) {
        int n = expected.shape()[1];
        int d = expected.shape()[2];
        double[] without = new double[expected.shape()[0] * (n - 1) * d];
        for (int b = 0; b < expected.shape()[0]; b++) {
            System.arraycopy(expected.values(), (b * n + 1) * d, without, b * (n - 1) * d, (n - 1) * d);
        }
        equal(name, new Npy(new int[] {expected.shape()[0], n - 1, d}, without), got, tolerance);
    }

    private static void equal(String name, Npy expected, INDArray got, double tolerance) {
        float[] values = got.dup('c').data().asFloat();
        assertEquals(expected.values().length, values.length, name);
        double worst = 0;
        for (int i = 0; i < values.length; i++) {
            double d = Math.abs(values[i] - expected.values()[i]);
            worst = Double.isNaN(d) ? Double.POSITIVE_INFINITY : Math.max(worst, d);
        }
        assertTrue(worst <= tolerance, name + " differs by " + worst + ", tolerance " + tolerance);
    }

    private static void refuses(Path folder, JsonNode v) {
        HierVlException e = assertThrows(HierVlException.class, () -> ClipCheck.run(folder, Progress.NONE));
        assertEquals(HierVlException.Kind.MODEL, e.kind());
        for (String part : v.path("message_should_name").asText().split(", |; ")) {
            if (part.equals("file name")) {
                assertTrue(e.getMessage().contains(".onnx"), e.getMessage());
            } else if (part.contains(" / ")) {
                assertTrue(Stream.of(part.split(" / ")).anyMatch(e.getMessage()::contains), part + ": " + e.getMessage());
            } else if (part.contains(" against ")) {
                Stream.of(part.split(" against ")).forEach(n -> assertTrue(e.getMessage().contains(n), e.getMessage()));
            } else {
                assertTrue(e.getMessage().contains(part), part + ": " + e.getMessage());
            }
        }
    }
}
