package io.hiervl.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.backbone.Backbones;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.RandomClip;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.Recipes;
import io.hiervl.graph.ParameterStore;
import io.hiervl.image.ClipNormalize;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.ImageTowers;
import io.hiervl.model.InferenceGraphs;
import io.hiervl.model.NetworkParameters;
import io.hiervl.op.SameDiffOps;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ModelExportTest {
    private static final ClipArchitecture CLIP = ClipArchitecture.of(32, 4, 2, 8, 32, 32, 1, 2, 16, 40, 24);
    private static HierVlNetwork network;
    private static ParameterStore store;
    private static INDArray text;
    private static INDArray images;

    @TempDir
    Path folder;

    @BeforeAll
    static void build() {
        SameDiffOps.start();
        ModelConfig config =
            Recipes.load("tiny", List.of("model.dim=32", "model.heads=4", "model.n_enc=1", "model.n_dec=2", "model.enc_ffn=32",
                "model.dec_ffn=32", "model.cm_dim=8", "model.norm_groups=8", "model.visual_queries=4", "model.taps=null")).model();
        ClipWeights weights = RandomClip.weights(CLIP, new Random(3));
        store = NetworkParameters.create(config, weights, 3, 8, new int[] {1, 2, 3, 4}, DataType.FLOAT, new Random(5));
        network = new HierVlNetwork(config, ImageTowers.of(Backbones.ofClip(CLIP, ClipNormalize.openai())), 3);
        text = random(new Random(7), 3, 24);
        text.diviColumnVector(text.norm2(1));
        images = random(new Random(8), 1, 3, 64, 64);
    }

    private static INDArray random(Random random, long... shape) {
        double[] v = random.doubles(Arrays.stream(shape).reduce(1, (a, b) -> a * b)).map(x -> 2 * x - 1).toArray();
        return Nd4j.create(v, shape, 'c').castTo(DataType.FLOAT);
    }

    private static ExportMeta meta() {
        return ExportMeta.of(List.of("Hintergrund", "Straße", "木"),
            List.of(new int[] {0, 0, 0}, new int[] {128, 0, 0}, new int[] {0, 128, 255}),
            new double[] {0.5, 0.4, 0.3}, new double[] {0.2, 0.2, 0.2}, 64, 64, 8, Map.of("recipe", "tiny"));
    }

    private Path export(ExportFormat format) {
        Path file = folder.resolve(format + ".fb");
        ModelExport.write(file, new ExportSource(network, store, text, meta()), format);
        return file;
    }

    /** What a module makes is called after it, so that a picture of the graph can be read by module. */
    @Test
    void variablesAreCalledAfterTheirModule() {
        for (ExportFormat format : List.of(ExportFormat.SAMEDIFF, ExportFormat.SAMEDIFF_STOCK)) {
            SameDiff sd = SameDiff.load(export(format).toFile(), false);
            for (String module : List.of("vision.blocks.0", "pyramid", "hsqg", "pixel_decoder.layers.0.self_attn",
                "query_decoder.layers.1.cross_attn")) {
                assertTrue(sd.getVariables().keySet().stream().anyMatch(name -> name.startsWith(module + "/")),
                    format + " has nothing of " + module);
            }
            long foreign = sd.getOps().keySet().stream().filter(name -> !name.contains("/")).count();
            assertTrue(foreign < sd.getOps().size() / 10,
                format + ": " + foreign + " of " + sd.getOps().size() + " ops belong to no module");
        }
    }

    @Test
    void bothFormatsGiveTheSameScoresAndCarryTheDescription() {
        ExportedModel fused = ExportedModel.load(export(ExportFormat.SAMEDIFF));
        ExportedModel stock = ExportedModel.load(export(ExportFormat.SAMEDIFF_STOCK));
        assertEquals(ExportFormat.SAMEDIFF, fused.format());
        assertEquals(ExportFormat.SAMEDIFF_STOCK, stock.format());
        INDArray a = fused.run(images);
        INDArray b = stock.run(images);
        assertEquals(List.of(1L, 3L, 64L, 64L), Arrays.stream(a.shape()).boxed().toList());
        assertTrue(a.sub(b).amaxNumber().doubleValue() < 2e-4, "differ by " + a.sub(b).amaxNumber());
        float[] window = fused.scores(images.data().asFloat(), 64, 64);
        double sum = IntStream.range(0, 3).mapToDouble(k -> Math.exp(a.getFloat(0, k, 5, 7))).sum();
        assertEquals(Math.exp(a.getFloat(0, 1, 5, 7)) / sum, window[4096 + 5 * 64 + 7], 1e-6, "probabilities, the softmax of the scores");
        INDArray live = new InferenceGraphs(network, store, text).scores(images);
        assertTrue(a.sub(live).amaxNumber().doubleValue() < 1e-6, "the file differs from the live network");
        assertTrue(a.stdNumber().doubleValue() > 1e-3, "scores are all alike");
        assertEquals(List.of("Hintergrund", "Straße", "木"), stock.meta().classes());
        assertEquals(255, stock.meta().palette().get(2)[2]);
        assertEquals(0.4, fused.meta().mean()[1]);
        assertEquals("tiny", fused.meta().attributes().get("recipe"));
    }

    /** The stock file runs in a Java process that has no class of this project. */
    @Test
    void stockFileNeedsNothingOfThisProject() throws Exception {
        Path graph = export(ExportFormat.SAMEDIFF_STOCK);
        File input = folder.resolve("images.bin").toFile();
        File output = folder.resolve("scores.bin").toFile();
        Nd4j.saveBinary(images, input);
        String all = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Path main = Path.of(SameDiffOps.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        String others =
            Arrays.stream(all.split(File.pathSeparator)).filter(p -> !p.endsWith("*") && !Path.of(p).toAbsolutePath().equals(main))
                .collect(Collectors.joining(File.pathSeparator));
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g", "-cp", others,
            "io.hiervl.export.StockGraphReader", graph.toString(), input.toString(), output.toString(), "io.hiervl.op.SameDiffOps")
            .redirectErrorStream(true).redirectOutput(folder.resolve("log.txt").toFile()).start();
        assertTrue(process.waitFor(180, TimeUnit.SECONDS), "the reader takes too long");
        assertEquals(0, process.exitValue(), Files.readString(folder.resolve("log.txt")));
        INDArray expected = ExportedModel.load(export(ExportFormat.SAMEDIFF)).run(images);
        INDArray there = Nd4j.readBinary(output);
        assertTrue(expected.sub(there).amaxNumber().doubleValue() < 2e-4, "differ by " + expected.sub(there).amaxNumber());
    }

    @Test
    void damagedFilesAreNamed() throws Exception {
        Path file = export(ExportFormat.SAMEDIFF);
        byte[] bytes = Files.readAllBytes(file);
        Path half = folder.resolve("half.fb");
        Files.write(half, Arrays.copyOf(bytes, bytes.length / 2));
        HierVlException e = assertThrows(HierVlException.class, () -> ExportedModel.load(half));
        assertTrue(e.getMessage().contains("half.fb"), e.getMessage());
        assertThrows(HierVlException.class, () -> ExportedModel.load(folder.resolve("none.fb")));
    }

    @Test
    void wrongSizesAreRefused() {
        ExportedModel model = ExportedModel.load(export(ExportFormat.SAMEDIFF));
        assertThrows(HierVlException.class, () -> model.run(images.get(org.nd4j.linalg.indexing.NDArrayIndex.all(),
            org.nd4j.linalg.indexing.NDArrayIndex.all(), org.nd4j.linalg.indexing.NDArrayIndex.interval(0, 32),
            org.nd4j.linalg.indexing.NDArrayIndex.all())));
    }
}
