package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.data.Dataset;
import io.hiervl.op.Backend;
import io.hiervl.report.MetricsCsv;
import io.hiervl.train.checkpoint.Checkpoint;
import io.hiervl.train.checkpoint.CheckpointStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Whole runs of a few steps on the embedded scenes. */
class TrainerTest {
    private static Dataset dataset;
    private static ClipBundle clip;

    @TempDir
    Path dir;

    @BeforeAll
    static void open() {
        Backend.start();
        dataset = Dataset.open(Path.of("datasets/tiny"));
        clip = ClipBundle.open(Path.of("graphs/tiny-clip"));
    }

    private static Recipe recipe(String... more) {
        List<String> settings = new ArrayList<>(List.of("model.dim=16", "model.heads=2", "model.n_enc=1", "model.n_dec=1", "model.enc_ffn=16",
            "model.dec_ffn=16", "model.cm_dim=4", "model.norm_groups=4", "model.visual_queries=4", "loss.sample_points=4096", "train.steps=6",
            "train.warmup=2", "train.batch_labelled=2", "train.batch_unlabelled=2", "train.log_every=1", "train.checkpoint_every=100"));
        settings.addAll(List.of(more));
        return Recipes.load("tiny", settings);
    }

    private static Trainer trainer(Recipe recipe, Path run) {
        return new Trainer(recipe, dataset, dataset.list("labeled"), dataset.list("unlabeled"), clip, run);
    }

    private static Checkpoint newest(Path run) {
        return new CheckpointStore(run, 9).latest().orElseThrow();
    }

    /** Asks to stop once so many steps are done. */
    private static Progress stopAt(long step, StopSignal signal) {
        return (done, total, note) -> {
            if (done == step) {
                signal.stop();
            }
        };
    }

    /** Weights, moments and average are equal to the last bit: every draw follows from the seed and the step. */
    @ParameterizedTest
    @ValueSource(strings = {"train.ema=true", "train.batch_unlabelled=1"})
    void aResumedRunEqualsTheUninterruptedOne(String setting) {
        Recipe recipe = recipe(setting);
        Path whole = dir.resolve("whole");
        assertTrue(trainer(recipe, whole).train(false, new StopSignal(), Progress.NONE).finished());
        Path parts = dir.resolve("parts");
        StopSignal first = new StopSignal();
        Trainer.Outcome stopped = trainer(recipe, parts).train(false, first, stopAt(2, first));
        assertFalse(stopped.finished());
        assertEquals(2, stopped.steps());
        assertEquals(2, newest(parts).manifest().step());
        StopSignal second = new StopSignal();
        assertEquals(5, trainer(recipe, parts).train(true, second, stopAt(5, second)).steps());
        assertTrue(trainer(recipe, parts).train(true, new StopSignal(), Progress.NONE).finished());
        Map<String, INDArray> a = newest(whole).arrays(n -> true);
        Map<String, INDArray> b = newest(parts).arrays(n -> true);
        assertEquals(a.keySet(), b.keySet());
        assertTrue(a.keySet().stream().anyMatch(n -> n.startsWith("m/")));
        a.forEach((name, array) -> assertEquals(0, array.sub(b.get(name)).amaxNumber().doubleValue(), 0.0, name));
        Map<String, double[]> log = MetricsCsv.read(whole.resolve("metrics.csv"));
        Map<String, double[]> continued = MetricsCsv.read(parts.resolve("metrics.csv"));
        for (String column : log.keySet()) {
            if (!column.equals("images_per_second") && !column.equals("data_wait")) {
                org.junit.jupiter.api.Assertions.assertArrayEquals(log.get(column), continued.get(column), 0.0, column);
            }
        }
        assertEquals(6, log.get("step").length);
    }

    @Test
    void theRunFolderHoldsFiguresEventsAndCheckpoints() throws IOException {
        Path run = dir.resolve("run");
        List<Long> measured = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        trainer(recipe("train.eval_every=4", "train.checkpoint_every=3", "train.log_every=2"), run).train(false, new StopSignal(),
            (done, total, note) -> notes.add(done + "/" + total + " " + note), new RunHooks() {
                @Override
                public Map<String, Double> measure(Path folder, long step) {
                    assertEquals(step, newest(folder).manifest().step(), "the checkpoint is there when the model is measured");
                    measured.add(step);
                    return Map.of("val_miou", 0.25);
                }
            });
        assertEquals(List.of(4L), measured);
        Map<String, double[]> log = MetricsCsv.read(run.resolve("metrics.csv"));
        assertEquals(3, log.get("step").length);
        assertEquals(0.25, log.get("val_miou")[1]);
        assertTrue(Double.isNaN(log.get("val_miou")[0]));
        for (String column : List.of("total", "ce", "set_class", "set_mask", "set_dice", "gate", "qt", "self_s1", "self_s2", "self_fp", "guidance_s1",
            "guidance_s2", "guidance_fp", "entropy_s1", "entropy_s2", "topo", "anchor", "mask_ratio", "grad_norm", "lr", "images_per_second",
            "data_wait")) {
            assertTrue(log.containsKey(column), column);
        }
        assertEquals(6, notes.size());
        assertTrue(notes.get(5).matches("6/6 .*images/s.* ce .*mask_ratio .*"), notes.get(5));
        try (Stream<Path> files = Files.list(run.resolve("events"))) {
            List<String> names = files.map(f -> f.getFileName().toString()).toList();
            assertTrue(names.stream().anyMatch(n -> n.startsWith("events.out.tfevents.")), names.toString());
        }
        assertEquals(6, newest(run).manifest().step());
    }

    @Test
    void aRunThatDivergesKeepsItsLastCheckpoint() {
        Path run = dir.resolve("run");
        // a learning rate with which nothing stays finite for long
        HierVlException e = assertThrows(HierVlException.class, () -> trainer(recipe("train.lr=1e30", "train.warmup=0", "train.checkpoint_every=1",
            "train.clip_norm=0"), run).train(false, new StopSignal(), Progress.NONE));
        assertEquals(HierVlException.Kind.DIVERGED, e.kind());
        assertTrue(e.getMessage().contains("JPEGImages/"), e.getMessage());
        long step = newest(run).manifest().step();
        assertTrue(e.getMessage().startsWith("step " + step + ":"), e.getMessage());
        newest(run).arrays(n -> n.startsWith("p/")).forEach((name, a) -> assertTrue(Double.isFinite(a.sumNumber().doubleValue()), name));
    }

    @Test
    void seedsMakeOtherRuns() {
        trainer(recipe("train.steps=1"), dir.resolve("a")).train(false, new StopSignal(), Progress.NONE);
        trainer(recipe("train.steps=1", "train.seed=1"), dir.resolve("b")).train(false, new StopSignal(), Progress.NONE);
        assertNotEquals(newest(dir.resolve("a")).arrays(n -> n.equals("p/hsqg.mlp.0.0.weight")), newest(dir.resolve("b")).arrays(n -> n.equals("p/hsqg.mlp.0.0.weight")));
    }
}
