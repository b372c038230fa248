package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.runlog.MetricsCsv;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user does, in order, on a few scenes and two steps: train, evaluate, predict, export, inspect. */
class WorkflowTest {
    private static final Path TINY = Path.of("datasets/tiny");

    @TempDir
    static Path dir;
    private static Path run;
    private static Path val;
    private static Cli trained;

    @BeforeAll
    static void train() throws IOException {
        run = dir.resolve("run");
        val = Files.write(dir.resolve("val.txt"), Files.readAllLines(TINY.resolve("val.txt")).subList(0, 2));
        trained = Cli.run(train(run, 2));
    }

    private static Object[] train(Path out, int steps, Object... more) {
        List<Object> words =
            List.of("train", "--recipe", "tiny", "--data", TINY, "--clip", "graphs/tiny-clip", "--val", val, "--out", out, "--json",
                "--set", "train.steps=" + steps, "--set", "train.warmup=1", "--set", "train.log_every=1", "--set", "train.batch_labelled=2",
                "--set", "train.batch_unlabelled=2", "--set", "model.n_dec=1", "--set", "loss.sample_points=4096");
        return Stream.concat(words.stream(), Arrays.stream(more)).toArray();
    }

    @Test
    void trainingLeavesAModelMetricsAndAReport() throws Exception {
        assertEquals(0, trained.exit(), trained.err());
        JsonNode outcome = trained.json();
        assertEquals(2, outcome.get("steps").asInt());
        assertTrue(outcome.get("finished").asBoolean());
        assertEquals(2, outcome.at("/eval/images").asInt());
        assertEquals(3, Files.readAllLines(run.resolve("metrics.csv")).size());
        assertTrue(Files.readString(run.resolve("report.html")).contains("data:image/png"));
    }

    @Test
    void whatItRanOnAndFiguresBetweenSteps() throws Exception {
        Path out = dir.resolve("measured");
        assertEquals(0,
            Cli.run(train(out, 2, "--set", "train.eval_every=1", "--set", "train.log_every=2", "--set", "train.ema=true")).exit());
        assertTrue(Files.readString(out.resolve("environment.json")).contains("\"java\""));
        Map<String, double[]> metrics = MetricsCsv.read(out.resolve("metrics.csv"));
        assertArrayEquals(new double[] {1, 2}, metrics.get("step"));
        assertTrue(Double.isFinite(metrics.get("val_miou")[0]) && Double.isFinite(metrics.get("val_miou")[1]));
        assertTrue(Double.isNaN(metrics.get("ce")[0]) && Double.isFinite(metrics.get("ce")[1]));
        try (Stream<Path> files = Files.list(out.resolve("events"))) {
            assertTrue(Files.size(files.findFirst().orElseThrow()) > 200);
        }
    }

    @Test
    void anotherRunDoesNotTouchIt() {
        Cli again = Cli.run(train(run, 2));
        assertEquals(2, again.exit());
        assertTrue(again.err().contains("--resume"), again.err());
        Cli other = Cli.run(train(run, 2, "--resume", "--set", "train.seed=9"));
        assertEquals(3, other.exit());
        assertTrue(other.err().contains("train.seed: 0 -> 9"), other.err());
    }

    @Test
    void exportedFilesScoreLikeTheModel() throws Exception {
        JsonNode own = Cli.run("eval", "--model", run, "--data", TINY, "--list", val, "--json").json();
        assertEquals(2, own.get("images").asInt());
        for (String format : List.of("samediff", "samediff-stock", "onnx")) {
            Path file = dir.resolve(format + ".model");
            assertEquals(0, Cli.run("export", "--model", run, "--format", format, "--out", file).exit());
            JsonNode exported = Cli.run("eval", "--model", file, "--data", TINY, "--list", val, "--json").json();
            assertEquals(own.get("miou").asDouble(), exported.get("miou").asDouble(), 1e-3, format);
            JsonNode inspected = Cli.run("inspect", file, "--json").json();
            assertEquals(format, inspected.get("kind").asText());
            assertEquals(inspected.get("arrays").asInt(), inspected.get("parameters").size());
            Cli listed = Cli.run("inspect", file, "--arrays");
            assertTrue(listed.out().lines().anyMatch(l -> l.matches("query_decoder\\.\\S+\\.weight +FLOAT \\[.*]")), listed.out());
            JsonNode drawn =
                Cli.run("inspect", file, "--graph", dir.resolve("graph.svg"), "--graph", dir.resolve("graph.html"), "--json").json();
            assertTrue(drawn.get("flops").asDouble() > 1e6 && drawn.get("peak_bytes").asLong() > 0, drawn.toString());
            assertTrue(Files.readString(dir.resolve("graph.svg")).contains("query_decoder.layers"), format);
        }
        assertEquals(7, Cli.run("inspect", run, "--json").json().get("classes").size());
        JsonNode small = Cli.run("inspect", run, "--graph", dir.resolve("small.dot"), "--json").json();
        JsonNode large = Cli.run("inspect", run, "--graph", dir.resolve("large.dot"), "--size", 128, "--json").json();
        assertTrue(large.get("parameters").asLong() >= small.get("parameters").asLong(), "the same weights; larger constants");
        assertTrue(large.get("flops").asDouble() > 3 * small.get("flops").asDouble(), small + " " + large);
        assertEquals(2, Cli.run("inspect", run, "--graph", dir.resolve("x.png")).exit());
        assertEquals(2, Cli.run("inspect", run, "--size", 128).exit());
        assertEquals(2, Cli.run("inspect", run, "--graph", dir.resolve("x.svg"), "--size", 50).exit());
        assertEquals(2, Cli.run("inspect", dir.resolve("samediff.model"), "--graph", dir.resolve("x.svg"), "--size", 128).exit());
        assertEquals(4, Cli.run("inspect", dir.resolve("none"), "--graph", dir.resolve("x.svg")).exit());
        assertEquals(2, Cli.run("export", "--model", run, "--format", "torch", "--out", dir.resolve("x")).exit());
        assertEquals(2, Cli.run("export", "--model", run, "--format", "samediff", "--size", 50, "--out", dir.resolve("x")).exit());
    }

    @Test
    void storedPredictionsScoreLikeTheModelThatMadeThem() throws Exception {
        Path stored = dir.resolve("stored");
        List<String> photos = Files.readAllLines(val).stream().map(l -> TINY.resolve(l.split(" ")[0]).toString()).toList();
        Object[] words = Stream.concat(Stream.of("predict", "--model", run, "--out", stored), photos.stream()).toArray();
        assertEquals(0, Cli.run(words).exit());
        JsonNode own = Cli.run("eval", "--model", run, "--data", TINY, "--list", val, "--json").json();
        Path out = dir.resolve("measured");
        Cli cli = Cli.run("eval", "--predictions", stored, "--data", TINY, "--list", val, "--out", out, "--json");
        assertEquals(0, cli.exit(), cli.err());
        assertEquals(own.get("iou"), cli.json().get("iou"));
        assertEquals(cli.json(), new ObjectMapper().readTree(out.resolve("eval.json").toFile()));
        assertEquals(8, Files.readAllLines(out.resolve("confusion.csv")).size());
        assertEquals(9, Files.readAllLines(out.resolve("classes.csv")).size());
        assertTrue(Files.size(out.resolve("confusion.png")) > 1000);
        Files.delete(stored.resolve("val_001.png"));
        Cli missing = Cli.run("eval", "--predictions", stored, "--data", TINY, "--list", val);
        assertEquals(3, missing.exit());
        assertTrue(missing.err().contains("1 of the 2 images") && missing.err().contains("JPEGImages/val_001.png"), missing.err());
        assertEquals(2, Cli.run("eval", "--predictions", stored, "--model", run, "--data", TINY).exit());
        assertEquals(2, Cli.run("eval", "--data", TINY).exit());
    }

    @Test
    void windowRuleAndScaleCanBeChosen() throws Exception {
        for (String rule : List.of("clamped", "truncated", "whole")) {
            Cli cli =
                Cli.run("eval", "--model", run, "--data", TINY, "--list", val, "--json", "--window", rule, "--crop", 48, "--short-side", 96,
                    "--resize", "opencv");
            assertEquals(0, cli.exit(), cli.err());
            assertEquals("{\"window\":\"" + rule + "\",\"crop\":48,\"stride\":24,\"short_side\":96,\"resize\":\"opencv\"}",
                cli.json().get("settings").toString());
        }
        Cli gap = Cli.run("eval", "--model", run, "--data", TINY, "--list", val, "--stride", 65);
        assertEquals(2, gap.exit());
        assertTrue(gap.err().contains("65") && gap.err().contains("64"), gap.err());
    }

    @Test
    void oneBadPhotoDoesNotStopTheOthers() throws Exception {
        Path photos = Files.createDirectories(dir.resolve("mixed"));
        byte[] good = Files.readAllBytes(TINY.resolve("JPEGImages/val_000.png"));
        Files.write(photos.resolve("a.png"), good);
        Files.write(photos.resolve("b.png"), Arrays.copyOf(good, good.length / 2));
        Files.write(photos.resolve("c.png"), good);
        Path out = dir.resolve("mixed-out");
        Cli cli = Cli.run("predict", "--model", run, photos, "--out", out, "--json");
        assertEquals(3, cli.exit());
        assertTrue(cli.err().contains("1 of 3 photos") && cli.err().contains("b.png is truncated"), cli.err());
        assertTrue(cli.json().get(1).get("error").asText().contains("b.png is truncated"));
        assertTrue(Files.exists(out.resolve("c.png")) && Files.notExists(out.resolve("b.png")));
        Path file = Files.writeString(dir.resolve("a-file"), "");
        Cli blocked = Cli.run("predict", "--model", run, photos, "--out", file);
        assertEquals(6, blocked.exit());
        assertTrue(blocked.err().contains("a-file is a file"), blocked.err());
    }

    @Test
    void predictionsAddUpToTheWholePhoto() throws Exception {
        Path photos = Files.createDirectories(dir.resolve("photos"));
        for (int i = 0; i < 2; i++) {
            Files.copy(TINY.resolve("JPEGImages/val_00" + i + ".png"), photos.resolve(i + ".png"));
        }
        Cli cli = Cli.run("predict", "--model", run, photos, "--out", dir.resolve("predictions"), "--json");
        assertEquals(0, cli.exit(), cli.err());
        assertEquals(2, cli.json().size());
        for (String name : List.of("0.png", "0_overlay.png", "0.json", "1.png")) {
            assertTrue(Files.size(dir.resolve("predictions").resolve(name)) > 0, name);
        }
        assertEquals(3, Cli.run("predict", "--model", run, dir.resolve("none.png"), "--out", dir.resolve("predictions")).exit());
    }

    /** The palette of datasets/tiny, not VOC's, is in the pictures that a checkpoint and an exported file make. */
    @Test
    void coloursOfTheDataSetTravelWithTheModel() throws Exception {
        Path file = dir.resolve("coloured.onnx");
        assertEquals(0, Cli.run("export", "--model", run, "--format", "onnx", "--out", file).exit());
        for (Path model : List.of(run, file)) {
            Path out = dir.resolve("coloured-" + model.getFileName());
            assertEquals(0, Cli.run("predict", "--model", model, TINY.resolve("JPEGImages/val_000.png"), "--out", out).exit());
            IndexColorModel colours = (IndexColorModel) ImageIO.read(out.resolve("val_000.png").toFile()).getColorModel();
            assertEquals(0xFFC82D32, colours.getRGB(1), "[200, 45, 50]");
            assertEquals(0xFFE0E0C0, colours.getRGB(255), "VOC's where the palette ends");
        }
        assertEquals("[200, 45, 50]", Cli.run("inspect", file, "--json").json().at("/palette/1").asText());
    }

    @Test
    void wrongModelsAndDataAreRefused() throws IOException {
        assertEquals(4, Cli.run("eval", "--model", dir.resolve("none"), "--data", TINY).exit());
        Path text = Files.writeString(dir.resolve("text.fb"), "not a model");
        assertEquals(4, Cli.run("eval", "--model", text, "--data", TINY).exit());
        assertEquals(4, Cli.run("inspect", text).exit());
        assertEquals(3, Cli.run("eval", "--model", run, "--data", dir.resolve("none")).exit());
        Path other = Files.createDirectories(dir.resolve("other"));
        Files.writeString(other.resolve("dataset.yaml"), "name: other\nclasses: [background, cat]\nlists: {val: val.txt}\n");
        Files.writeString(other.resolve("val.txt"), "a.png b.png\n");
        Cli cli = Cli.run("eval", "--model", run, "--data", other);
        assertEquals(3, cli.exit());
        assertTrue(cli.err().contains("'red thing' against 'cat'"), cli.err());
        Cli typo = Cli.run("train", "--recipe", "tiny", "--set", "train.stpes=3", "--out", dir.resolve("x"));
        assertEquals(3, typo.exit());
        assertTrue(typo.err().contains("'train.steps'"), typo.err());
        assertTrue(Files.notExists(dir.resolve("x")), "a refused run leaves no folder");
    }
}
