package io.hiervl.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hiervl.Progress;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.cli.Console;
import io.hiervl.cli.Experiment;
import io.hiervl.cli.SparkDriver;
import io.hiervl.config.EvalConfig;
import io.hiervl.data.Dataset;
import io.hiervl.eval.EvalResult;
import io.hiervl.eval.Evaluator;
import io.hiervl.eval.ListSource;
import io.hiervl.image.LabelMaps;
import io.hiervl.predict.Segmenter;
import io.hiervl.predict.TrainedModel;
import io.hiervl.train.StopSignal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Two executors predict, measure, fill a table and train five steps; the same on one machine gives the same. */
@Tag("spark")
class LocalClusterTest {
    private static final int STEPS = 5;

    @TempDir
    Path folder;

    @Test
    void twoExecutorsDoWhatOneMachineDoes() throws Exception {
        Path photos = folder.resolve("photos");
        TinyModel.draw(photos, 40, 48);
        Files.writeString(photos.resolve("broken.jpg"), "no photo");
        Path local = TinyModel.train(folder.resolve("local"), STEPS);
        Path out = folder.resolve("predictions");
        Path run = folder.resolve("run");
        Object[] train = Stream.concat(Stream.of("spark", "train", "--recipe", "tiny", "--out", run, "--executors", "2", "--json", "--set",
            "train.steps=" + STEPS), TinyModel.SETTINGS.stream().flatMap(s -> Stream.of("--set", s))).toArray();
        Object[] before = {"spark", "predict", "--model", local, "--out", out, "--overlays", photos, "--then", "spark", "eval", "--model",
            local, "--data", TinyModel.DATA, "--json", "--then", "rows", local, photos.resolve("photo 1.png"), photos.resolve("broken.jpg"),
            photos.resolve("missing.png"), "--then", "spark", "experiment", experiment(), "--out", folder.resolve("table"), "--then"};
        String printed;
        try (LocalCluster cluster = LocalCluster.start(folder, SparkDriver.class,
            Stream.concat(Arrays.stream(before), Arrays.stream(train)).toArray())) {
            printed = cluster.await(280);
            assertEquals(List.of("EXIT 3", "EXIT 0", "EXIT 0", "EXIT 0"), printed.lines().filter(l -> l.startsWith("EXIT")).toList(),
                () -> cluster.errors());
            assertTrue(cluster.errors().contains("1 of 41 photos could not be segmented"), cluster.errors());
            assertTrue(cluster.errors().contains("broken.jpg"), cluster.errors());
        }
        predictionsAreThoseOfOneMachine(local, photos, out);
        measuresAreThoseOfOneMachine(local, printed);
        rowsOfTheApi(printed, photos);
        weightsAreThoseOfOneMachine(local, run, printed);
        theTableIsThatOfOneMachine();
    }

    /** A row and two seeds of three supervised steps. */
    private Path experiment() throws Exception {
        List<String> settings = new ArrayList<>(TinyModel.SETTINGS);
        settings.addAll(List.of("train.method=supervised", "train.steps=3"));
        return Files.writeString(folder.resolve("table.yaml"),
            "name: Table\nrecipe: tiny\nlabels: [8]\nseeds: [0, 1]\nclip: false\nrows:\n  supervised: ["
                + String.join(", ", settings) + "]\n");
    }

    /** Every figure of a run but its seconds, to the last digit; and seeds differ, so that the figures say something. */
    private void theTableIsThatOfOneMachine() throws Exception {
        Experiment experiment = Experiment.read(folder.resolve("table.yaml"), List.of());
        ObjectMapper json = new ObjectMapper();
        List<JsonNode> figures = new ArrayList<>();
        for (int c = 0; c < experiment.cells().size(); c++) {
            Path run = folder.resolve("one").resolve(Integer.toString(c));
            ObjectNode one = json.valueToTree(experiment.measure(c, run, new StopSignal(), Console.standard()));
            ObjectNode two =
                (ObjectNode) json
                    .readTree(folder.resolve("table").resolve(experiment.cells().get(c).folder()).resolve("result.json").toFile());
            List<String> times = List.of("seconds", "train_seconds");
            assertEquals(json.readTree(one.without(times).toString()), two.without(times));
            figures.add(two.get("iou"));
        }
        assertNotEquals(figures.get(0), figures.get(1));
        long lines;
        try (Stream<String> csv = Files.lines(folder.resolve("table").resolve("table.csv"))) {
            lines = csv.count();
        }
        assertEquals(3, lines, "a heading and a line for each run");
    }

    private void predictionsAreThoseOfOneMachine(Path model, Path photos, Path out) throws Exception {
        TrainedModel trained = TrainedModel.load(model);
        EvalConfig c = trained.recipe().eval();
        EvalConfig blended = new EvalConfig(EvalConfig.Window.BLENDED, c.crop(), c.stride(), c.shortSide(), c.resize());
        int compared = 0;
        try (Segmenter segmenter = trained.segmenter(blended); Stream<Path> all = Files.walk(photos)) {
            for (Path photo : all.filter(p -> p.toString().endsWith(".png")).toList()) {
                Path labels = out.resolve("labels").resolve(photos.relativize(photo) + ".png");
                assertArrayEquals(segmenter.segment(photo).values(), LabelMaps.read(labels).values(), photo.toString());
                assertTrue(Files.exists(out.resolve("overlays").resolve(photos.relativize(photo) + ".png")));
                compared++;
            }
        }
        assertEquals(40, compared);
    }

    private void measuresAreThoseOfOneMachine(Path model, String printed) throws Exception {
        JsonNode json = json(printed, "miou");
        Dataset dataset = Dataset.open(TinyModel.DATA);
        try (Segmenter segmenter = Segmenter.load(model)) {
            EvalResult one = new Evaluator(dataset.spec().classes()).evaluate(new ListSource(dataset, dataset.list("val")),
                segmenter.images(), Progress.NONE);
            assertEquals(one.miou(), json.get("miou").asDouble());
            assertEquals(one.matrix().pixelAccuracy(), json.get("pixel_accuracy").asDouble());
            assertEquals(one.images(), json.get("images").asInt());
            dataset.spec().classes()
                .forEach(k -> assertEquals(((Map<?, ?>) one.json().get("iou")).get(k), json.get("iou").get(k).asDouble()));
        }
    }

    private static void rowsOfTheApi(String printed, Path photos) {
        List<String> rows = printed.lines().filter(l -> l.startsWith("ROW ")).toList();
        assertEquals(3, rows.size(), printed);
        assertTrue(rows.contains("ROW " + photos.resolve("photo 1.png") + " 48 null"), rows.toString());
        assertTrue(rows.stream().anyMatch(r -> r.contains("missing.png null") && r.contains("does not exist")), rows.toString());
        assertTrue(rows.stream().anyMatch(r -> r.contains("broken.jpg null")), rows.toString());
    }

    /** Weights, and Adam's averages of the gradients, which say whether the steps were the same and not only small. */
    private static void weightsAreThoseOfOneMachine(Path local, Path run, String printed) throws Exception {
        assertEquals(STEPS, json(printed, "restarts").get("steps").asInt());
        Checkpoint one = CheckpointStore.find(local);
        Checkpoint two = CheckpointStore.find(run);
        assertEquals(STEPS, two.manifest().step());
        assertEquals(0, difference(one, two, "p/"), 1e-6);
        assertEquals(0, difference(one, two, "m/"), 1e-4);
    }

    /** Norm of the difference of all arrays of a kind, as a part of their norm. */
    private static double difference(Checkpoint one, Checkpoint two, String kind) {
        Map<String, INDArray> expected = one.arrays(n -> n.startsWith(kind));
        Map<String, INDArray> found = two.arrays(n -> n.startsWith(kind));
        assertEquals(expected.keySet(), found.keySet());
        double difference = 0;
        double size = 0;
        for (Map.Entry<String, INDArray> e : expected.entrySet()) {
            difference += Math.pow(e.getValue().sub(found.get(e.getKey())).norm2Number().doubleValue(), 2);
            size += Math.pow(e.getValue().norm2Number().doubleValue(), 2);
        }
        System.err.println(kind + " after " + STEPS + " steps differ by " + Math.sqrt(difference / size) + " of their norm");
        assertTrue(size > 0);
        return Math.sqrt(difference / size);
    }

    private static JsonNode json(String printed, String key) throws Exception {
        String line = printed.lines().filter(l -> l.startsWith("{") && l.contains("\"" + key + "\"")).findFirst().orElseThrow();
        return new ObjectMapper().readTree(line);
    }
}
