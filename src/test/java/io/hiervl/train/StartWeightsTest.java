package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.data.Dataset;
import io.hiervl.export.ExportFormat;
import io.hiervl.export.ExportSource;
import io.hiervl.export.ModelExport;
import io.hiervl.op.SameDiffOps;
import io.hiervl.predict.TrainedModel;
import io.hiervl.runlog.MetricsCsv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** New runs from old weights, and runs that go on longer than they were made for. */
class StartWeightsTest {
    private static final String ROWS = "p/query_decoder.query_pos";
    private static Dataset dataset;
    private static ClipBundle clip;

    @TempDir
    static Path dir;

    private static Path first;

    /** Lines that the run says. */
    private static final class Notes implements RunHooks {
        private final List<String> lines = new ArrayList<>();

        @Override
        public void note(String sentence) {
            lines.add(sentence);
        }

        @Override
        public void warn(String sentence) {
            lines.add("warning: " + sentence);
        }

        String all() {
            return String.join("\n", lines);
        }
    }

    @BeforeAll
    static void trainOnce() {
        SameDiffOps.start();
        dataset = Dataset.open(Path.of("datasets/tiny"));
        clip = ClipBundle.open(Path.of("graphs/tiny-clip"));
        first = dir.resolve("first");
        trainer(recipe("train.lr=0.01"), dataset, first).train(false, new StopSignal(), Progress.NONE);
    }

    private static Recipe recipe(String... more) {
        List<String> settings =
            new ArrayList<>(List.of("model.dim=16", "model.heads=2", "model.n_enc=1", "model.n_dec=1", "model.enc_ffn=16",
                "model.dec_ffn=16", "model.cm_dim=4", "model.norm_groups=4", "model.visual_queries=4", "loss.sample_points=4096",
                "train.steps=3", "train.warmup=1", "train.batch_labelled=1", "train.batch_unlabelled=1", "train.log_every=1",
                "train.checkpoint_every=100"));
        settings.addAll(List.of(more));
        return Recipes.load("tiny", settings);
    }

    private static Trainer trainer(Recipe recipe, Dataset data, Path run) {
        return new Trainer(recipe, data, data.list("labeled"), data.list("unlabeled"), clip, run);
    }

    private static Checkpoint newest(Path run) {
        return new CheckpointStore(run, 9).latest().orElseThrow();
    }

    /** A run whose steps change nothing, so that its checkpoint holds the weights that it started with. */
    private static Notes start(Path from, Recipe recipe, Dataset data, Path run) {
        Notes notes = new Notes();
        trainer(recipe, data, run).startingFrom(StartWeights.read(from)).train(false, new StopSignal(), Progress.NONE, notes);
        return notes;
    }

    private static String[] still(String... more) {
        List<String> all = new ArrayList<>(List.of("train.steps=1", "train.lr=1e-30", "train.weight_decay=0"));
        all.addAll(List.of(more));
        return all.toArray(new String[0]);
    }

    private static double difference(INDArray a, INDArray b) {
        return a.sub(b).amaxNumber().doubleValue();
    }

    @Test
    void everyParameterOfTheSameNetworkIsTaken() throws IOException {
        Path run = dir.resolve("same");
        Notes notes = start(first, recipe(still()), dataset, run);
        Map<String, INDArray> before = newest(first).arrays(n -> n.startsWith("p/"));
        Map<String, INDArray> after = newest(run).arrays(n -> n.startsWith("p/"));
        assertEquals(before.keySet(), after.keySet());
        before.forEach((name, array) -> assertEquals(0, difference(array, after.get(name)), 1e-12, name));
        Path fresh = dir.resolve("fresh");
        trainer(recipe(still()), dataset, fresh).train(false, new StopSignal(), Progress.NONE);
        assertNotEquals(0, difference(before.get(ROWS), newest(fresh).arrays(n -> n.equals(ROWS)).get(ROWS)), 1e-6);
        assertTrue(notes.lines.get(0).matches("weights from .*step-000000003: (\\d+) of \\1 parameters are taken: .*"), notes.all());
        assertTrue(Files.readString(run.resolve("init-from.txt")).contains("taken      query_decoder.query_pos"));
    }

    /** A branch that only one of both has: its parameters are new, or they are listed as not taken. */
    @Test
    void aUNetMayComeOrGo() {
        Notes with = start(first, recipe(still("model.unet=8")), dataset, dir.resolve("with"));
        Map<String, INDArray> before = newest(first).arrays(n -> n.startsWith("p/"));
        Map<String, INDArray> after = newest(dir.resolve("with")).arrays(n -> n.startsWith("p/"));
        assertTrue(after.size() > before.size(), after.size() + " after " + before.size());
        assertEquals(0, difference(before.get(ROWS), after.get(ROWS)), 1e-12);
        assertTrue(with.all().contains("unet"), with.all());
        Notes without = start(dir.resolve("with"), recipe(still()), dataset, dir.resolve("without"));
        Map<String, INDArray> last = newest(dir.resolve("without")).arrays(n -> n.startsWith("p/"));
        assertEquals(before.keySet(), last.keySet());
        before.forEach((name, array) -> assertEquals(0, difference(array, last.get(name)), 1e-12, name));
        assertTrue(without.all().contains("unet"), without.all());
    }

    /** The class "blue" keeps its rows at another index; those of a class that is new keep their initial values. */
    @Test
    void otherClassesTakeTheRowsOfTheClassesThatBothHave() {
        List<String> names = dataset.spec().classes();
        List<String> other = new ArrayList<>(names);
        Collections.swap(other, 1, 2);
        other.set(3, "unheard of");
        Dataset swapped = Dataset.open(dataset.root(), new DatasetSpec("other",
            new DatasetSpec.Meanings(other, null, null, null, null, null), dataset.spec().masks(), dataset.spec().layout(), null));
        Path run = dir.resolve("other");
        Notes notes = start(first, recipe(still()), swapped, run);
        INDArray before = newest(first).arrays(n -> n.equals(ROWS)).get(ROWS);
        INDArray after = newest(run).arrays(n -> n.equals(ROWS)).get(ROWS);
        int k = names.size();
        for (long block = 0; block * k + k <= before.size(0); block++) {
            assertEquals(0, difference(before.getRow(block * k + 1), after.getRow(block * k + 2)), 1e-12);
            assertNotEquals(0, difference(before.getRow(block * k + 3), after.getRow(block * k + 3)), 1e-6);
        }
        assertTrue(notes.all().contains("are taken for the classes that both models have (" + names.get(0) + ", " + names.get(2) + ", "
            + names.get(1)), notes.all());
        assertEquals(other, newest(run).manifest().classes());
    }

    @Test
    void anotherNetworkTakesWhatFitsAndSaysWhatDoesNot() {
        Path run = dir.resolve("wider");
        Notes notes = start(first, recipe(still("model.dim=32", "train.crop=96", "model.n_dec=2")), dataset, run);
        Map<String, INDArray> before = newest(first).arrays(n -> n.startsWith("p/vision."));
        Map<String, INDArray> after = newest(run).arrays(n -> n.startsWith("p/vision."));
        String attention = "p/vision.blocks.0.attn.in_proj_weight";
        assertEquals(0, difference(before.get(attention), after.get(attention)), 1e-12);
        String table = "p/vision.positional_embedding";
        assertNotEquals(before.get(table).size(0), after.get(table).size(0));
        assertEquals(0, difference(before.get(table).getRow(0), after.get(table).getRow(0)), 1e-6);
        assertTrue(notes.all().contains("are not taken: "), notes.all());
        assertTrue(notes.all().contains("its shape is "), notes.all());
    }

    @Test
    void exportedFilesGiveTheSameWeights() {
        TrainedModel trained = TrainedModel.load(first);
        for (ExportFormat format : ExportFormat.values()) {
            Path file = dir.resolve("model." + (format == ExportFormat.ONNX ? "onnx" : format.ordinal() + ".sd"));
            ModelExport.write(file, ExportSource.of(trained, 64, Map.of()), format);
            StartWeights read = StartWeights.read(file);
            assertEquals(trained.classes(), read.classes());
            Path run = dir.resolve("from-" + format);
            Notes notes = start(file, recipe(still()), dataset, run);
            Map<String, INDArray> before = newest(first).arrays(n -> n.startsWith("p/"));
            Map<String, INDArray> after = newest(run).arrays(n -> n.startsWith("p/"));
            for (String name : List.of("query_decoder.class_head.weight", "vision.blocks.0.attn.in_proj_weight", "hsqg.gate_w",
                "pixel_decoder.text_pos")) {
                assertEquals(0, difference(before.get("p/" + name), after.get("p/" + name)), 1e-12, format + " " + name + notes.all());
            }
        }
    }

    @Test
    void whatIsNoModelIsRefused() throws IOException {
        Path text = Files.writeString(dir.resolve("notes.txt"), "no model");
        Path folder = Files.createDirectories(dir.resolve("empty folder"));
        for (Path path : List.of(text, folder, dir.resolve("not there"), Path.of("graphs/tiny-clip"))) {
            HierVlException e = assertThrows(HierVlException.class, () -> StartWeights.read(path), path.toString());
            assertEquals(HierVlException.Kind.MODEL, e.kind(), e.getMessage());
            assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
        }
    }

    @Test
    void aFinishedRunGoesOnWithTheScheduleOfTheNewLength() throws IOException {
        Path run = dir.resolve("longer");
        Recipe three = recipe();
        Recipe six = recipe("train.steps=6");
        trainer(three, dataset, run).train(false, new StopSignal(), Progress.NONE);
        Map<String, INDArray> then = newest(run).arrays(n -> true);
        Notes notes = new Notes();
        assertEquals(6, trainer(six, dataset, run).train(true, new StopSignal(), Progress.NONE, notes).steps());
        assertTrue(notes.all().contains("the run was made for 3 steps and goes on from step 3 to 6"), notes.all());
        Map<String, double[]> log = MetricsCsv.read(run.resolve("metrics.csv"));
        assertEquals(6, log.get("step").length);
        double lr = six.train().optimiser().lr();
        for (int t = 3; t < 6; t++) {
            assertEquals(lr * Math.pow(1 - t / 6.0, 0.9), log.get("lr")[t], 1e-6 * lr);
        }
        Checkpoint kept = CheckpointStore.find(run.resolve("checkpoints/kept-step-000000003-of-3"));
        Map<String, INDArray> again = kept.arrays(n -> true);
        assertEquals(then.keySet(), again.keySet());
        then.forEach((name, array) -> assertEquals(0, difference(array, again.get(name)), 0.0, name));
        assertEquals(six.train().length(), Recipes.load(run.resolve("resolved.yaml").toString(), List.of()).train().length());
        HierVlException shorter =
            assertThrows(HierVlException.class, () -> trainer(recipe("train.steps=5"), dataset, run).train(true, new StopSignal(),
                Progress.NONE));
        assertTrue(shorter.getMessage().contains("has finished 6 steps; train.steps is 5"), shorter.getMessage());
        HierVlException other = assertThrows(HierVlException.class,
            () -> trainer(recipe("train.steps=9", "train.lr=0.5"), dataset, run).train(true, new StopSignal(), Progress.NONE));
        assertTrue(other.getMessage().contains("train.lr") && other.getMessage().contains("--init-from"), other.getMessage());
    }
}
