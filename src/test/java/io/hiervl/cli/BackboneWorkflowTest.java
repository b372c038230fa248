package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.backbone.Dinov2Fixture;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.runlog.MetricsCsv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a user does with DINOv2 in place of CLIP's image tower: two steps, resume, evaluate, predict, export, inspect. */
class BackboneWorkflowTest {
    private static final Path TINY = Path.of("datasets/tiny");
    private static final Path TOWER = Dinov2Fixture.ROOT.resolve("hf-registers-dynamo");

    @TempDir
    static Path dir;
    private static Path run;
    private static Path val;
    private static Cli trained;

    @BeforeAll
    static void train() throws IOException {
        run = dir.resolve("run");
        val = Files.write(dir.resolve("val.txt"), Files.readAllLines(TINY.resolve("val.txt")).subList(0, 2));
        trained = Cli.run(train("--backbone", TOWER));
    }

    private static Object[] train(Object... more) {
        List<Object> words = List.of("train", "--recipe", "tiny", "--data", TINY, "--clip", "graphs/tiny-clip", "--val", val, "--json",
            "--set", "train.steps=2", "--set", "train.warmup=1", "--set", "train.log_every=1", "--set", "train.checkpoint_every=1",
            "--set", "train.batch_labelled=2", "--set", "train.batch_unlabelled=2", "--set", "train.crop=84", "--set", "eval.crop=84",
            "--set", "eval.stride=42", "--set", "model.n_dec=1", "--set", "loss.sample_points=4096");
        List<Object> folder = Arrays.asList(more).contains("--out") ? List.of() : List.of("--out", run);
        return Stream.of(words, folder, Arrays.asList(more)).flatMap(List::stream).toArray();
    }

    private static Checkpoint newest() {
        return new CheckpointStore(run, 9).latest().orElseThrow();
    }

    @Test
    void everyLossRunsAndEveryPartLearns() throws Exception {
        assertEquals(0, trained.exit(), trained.err());
        assertEquals(2, trained.json().at("/eval/images").asInt());
        Map<String, double[]> log = MetricsCsv.read(run.resolve("metrics.csv"));
        for (String term : List.of("ce", "set_mask", "gate", "qt", "mask", "pt", "self_s1", "guidance_s1", "topo")) {
            assertTrue(Double.isFinite(log.get(term)[1]), term);
        }
        Map<String, INDArray> arrays = newest().arrays(n -> n.startsWith("m/"));
        for (String name : List.of("m/vision.blocks.0.attn.qkv.weight", "m/vision.register_tokens", "m/vision.pos_embed",
            "m/dense_projection.weight", "m/pyramid.up4a.weight")) {
            assertTrue(arrays.get(name).amaxNumber().doubleValue() > 0, name);
        }
        assertTrue(arrays.keySet().stream().noneMatch(n -> n.startsWith("m/frozen.")), "CLIP stays as it is");
    }

    /** SwiGLU, prompts in the tower, part of the tower trained, recomputation, losses at a stride that 14 / 4 is not. */
    @Test
    void otherSettingsRunToo() {
        Path out = dir.resolve("other");
        Cli cli = Cli.run(train("--backbone", Dinov2Fixture.ROOT.resolve("official-swiglu-dynamo"), "--out", out, "--set", "train.steps=1",
            "--set", "model.visual_prompt_tokens=3", "--set", "model.trainable=attn_pos_only", "--set", "model.recompute=true",
            "--set", "model.dense_student=value", "--set", "loss.unlabelled_stride=four"));
        assertEquals(0, cli.exit(), cli.err());
        Map<String, INDArray> arrays = new CheckpointStore(out, 9).latest().orElseThrow().arrays(n -> n.startsWith("m/"));
        assertTrue(arrays.get("m/vision.prompt").amaxNumber().doubleValue() > 0);
        assertTrue(arrays.containsKey("m/vision.blocks.1.attn.proj.weight") && !arrays.containsKey("m/vision.blocks.1.mlp.w12.weight"));
    }

    /** The two steps once more, the second one after a restart. */
    @Test
    void aResumedRunIsTheSame() throws IOException {
        Map<String, INDArray> before = newest().arrays(n -> true);
        Path last = newest().folder();
        assertEquals(2, newest().manifest().step());
        try (Stream<Path> files = Files.list(last)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(last);
        assertEquals(1, newest().manifest().step());
        Cli other = Cli.run(train("--resume"));
        assertEquals(4, other.exit(), other.err());
        assertTrue(other.err().contains("dinov2") && other.err().contains("--backbone"), other.err());
        Cli cli = Cli.run(train("--backbone", TOWER.resolve("model.onnx"), "--resume"));
        assertEquals(0, cli.exit(), cli.err());
        Map<String, INDArray> after = newest().arrays(n -> true);
        assertEquals(before.keySet(), after.keySet());
        before.forEach((name, array) -> assertEquals(array, after.get(name), name));
    }

    /** Neither the tower's file nor the CLIP is asked for again. */
    @Test
    void exportedFilesScoreLikeTheModel() throws Exception {
        JsonNode own = Cli.run("eval", "--model", run, "--data", TINY, "--list", val, "--json").json();
        for (String format : List.of("samediff", "samediff-stock", "onnx")) {
            Path file = dir.resolve(format + ".model");
            Cli cli = Cli.run("export", "--model", run, "--format", format, "--out", file);
            assertEquals(0, cli.exit(), cli.err());
            JsonNode exported = Cli.run("eval", "--model", file, "--data", TINY, "--list", val, "--json").json();
            assertEquals(own.get("miou").asDouble(), exported.get("miou").asDouble(), 1e-3, format);
            JsonNode facts = Cli.run("inspect", file, "--json").json();
            assertEquals("dinov2", facts.at("/attributes/backbone").asText());
            assertEquals(0.485, facts.at("/mean/0").asDouble(), 1e-9, "the tower's colours, not CLIP's");
        }
        Cli odd = Cli.run("export", "--model", run, "--format", "onnx", "--size", 64, "--out", dir.resolve("x"));
        assertEquals(2, odd.exit());
        assertTrue(odd.err().contains("28"), odd.err());
    }

    @Test
    void aPhotoOfAnySizeGetsLabels() throws Exception {
        Path out = dir.resolve("predictions");
        Cli cli = Cli.run("predict", "--model", run, TINY.resolve("JPEGImages/val_000.png"), "--out", out);
        assertEquals(0, cli.exit(), cli.err());
        assertTrue(Files.size(out.resolve("val_000.png")) > 0);
        JsonNode facts = Cli.run("inspect", run, "--json").json();
        assertEquals("dinov2", facts.at("/backbone/family").asText());
        assertEquals(4, facts.at("/backbone/registers").asInt());
        assertNotEquals(facts.get("mean"), facts.get("clip_mean"));
    }

    @Test
    void whatIsNoKnownTowerIsRefused() throws IOException {
        Path odd = Files.createDirectories(dir.resolve("odd"));
        Files.copy(TOWER.resolve("model.onnx"), odd.resolve("model.onnx"));
        Files.writeString(odd.resolve("config.json"), "{\"model_type\": \"swin\"}");
        Path wide = Files.createDirectories(dir.resolve("wide"));
        Files.copy(TOWER.resolve("model.onnx"), wide.resolve("model.onnx"));
        Files.writeString(wide.resolve("config.json"), "{\"model_type\": \"dinov2_with_registers\", \"hidden_size\": 384}");
        Object[][] cases = {{odd, "'swin'"}, {wide, "hidden_size is 384"}, {dir.resolve("nowhere"), "no such file"},
            {TINY, "no image tower"}, {Path.of("graphs/tiny-clip/onnx/vision_model.onnx"), "--clip"}};
        for (Object[] c : cases) {
            Cli cli = Cli.run("train", "--recipe", "tiny", "--backbone", c[0], "--out", dir.resolve("none"));
            assertEquals(4, cli.exit(), cli.err());
            assertTrue(cli.err().contains((String) c[1]) && cli.err().contains(((Path) c[0]).getFileName().toString()), cli.err());
            assertEquals(1, cli.err().strip().lines().count(), cli.err());
        }
        assertFalse(Files.exists(dir.resolve("none")));
    }
}
