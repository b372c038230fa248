package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.checkpoint.BestCheckpoint;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.data.Batches;
import io.hiervl.data.Dataset;
import io.hiervl.image.ClipNormalize;
import io.hiervl.loss.MaskTargets;
import io.hiervl.op.SameDiffOps;
import io.hiervl.runlog.MetricsCsv;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
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
        SameDiffOps.start();
        dataset = Dataset.open(Path.of("datasets/tiny"));
        clip = ClipBundle.open(Path.of("graphs/tiny-clip"));
    }

    private static Recipe recipe(String... more) {
        List<String> settings =
            new ArrayList<>(List.of("model.dim=16", "model.heads=2", "model.n_enc=1", "model.n_dec=1", "model.enc_ffn=16",
                "model.dec_ffn=16", "model.cm_dim=4", "model.norm_groups=4", "model.visual_queries=4", "loss.sample_points=4096",
                "train.steps=6",
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
    @ValueSource(strings = {"train.ema=true", "train.ema=true train.ema_teacher=true", "train.batch_unlabelled=1",
        "train.unlabelled_from=0.5"})
    void aResumedRunEqualsTheUninterruptedOne(String settings) {
        Recipe recipe = recipe(settings.split(" "));
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
                public Map<String, Double> measure(Checkpoint newest, long step) {
                    assertEquals(step, newest.manifest().step(), "the checkpoint is there when the model is measured");
                    measured.add(step);
                    return Map.of("val_miou", 0.25);
                }

                @Override
                public boolean verbose() {
                    return true;
                }
            });
        assertEquals(List.of(4L, 6L), measured, "on the way and at the end");
        Map<String, double[]> log = MetricsCsv.read(run.resolve("metrics.csv"));
        assertEquals(3, log.get("step").length);
        assertEquals(0.25, log.get("val_miou")[1]);
        assertTrue(Double.isNaN(log.get("val_miou")[0]));
        assertEquals(0.25, log.get("val_miou")[2], "the last evaluation is logged too");
        for (String column : List.of("total", "ce", "set_class", "set_mask", "set_dice", "gate", "qt", "self_s1", "self_s2", "self_fp",
            "guidance_s1",
            "guidance_s2", "guidance_fp", "entropy_s1", "entropy_s2", "topo", "anchor", "mask_ratio", "grad_norm", "lr",
            "images_per_second",
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
        HierVlException e =
            assertThrows(HierVlException.class, () -> trainer(recipe("train.lr=1e30", "train.warmup=0", "train.checkpoint_every=1",
                "train.clip_norm=0"), run).train(false, new StopSignal(), Progress.NONE));
        assertEquals(HierVlException.Kind.DIVERGED, e.kind());
        assertTrue(e.getMessage().contains("JPEGImages/"), e.getMessage());
        long step = newest(run).manifest().step();
        assertTrue(e.getMessage().startsWith("step " + step + ":"), e.getMessage());
        newest(run).arrays(n -> n.startsWith("p/")).forEach((name, a) -> assertTrue(Double.isFinite(a.sumNumber().doubleValue()), name));
    }

    /** A second checkpoint of the same step would push out the one before. */
    @Test
    void aStepIsSavedOnce() throws IOException {
        Path run = dir.resolve("run");
        StopSignal signal = new StopSignal();
        Recipe recipe = recipe("train.checkpoint_every=2");
        trainer(recipe, run).train(false, signal, stopAt(4, signal));
        StopSignal atOnce = new StopSignal();
        atOnce.stop();
        assertEquals(4, trainer(recipe, run).train(true, atOnce, Progress.NONE).steps());
        try (Stream<Path> folders = Files.list(run.resolve("checkpoints"))) {
            assertEquals(List.of("step-000000002", "step-000000004"), folders.map(f -> f.getFileName().toString()).sorted().toList());
        }
    }

    /** A copy of the scenes whose files may be damaged. */
    private Path scenes(String name) throws IOException {
        Path copy = dir.resolve(name);
        for (String folder : List.of("", "JPEGImages", "SegmentationClass")) {
            Files.createDirectories(copy.resolve(folder));
        }
        for (String list : List.of("labeled", "unlabeled")) {
            List<String> lines = Files.readAllLines(Path.of("datasets/tiny/splits/8").resolve(list + ".txt")).subList(0, 8);
            Files.write(copy.resolve(list + ".txt"), lines);
            for (String file : String.join(" ", lines).split(" ")) {
                Files.copy(dataset.root().resolve(file), copy.resolve(file), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Files.writeString(copy.resolve("dataset.yaml"),
            Files.readString(dataset.root().resolve("dataset.yaml")).replaceAll("(?s)\nlists:.*", "\n"));
        return copy;
    }

    private static Trainer trainer(Recipe recipe, Path data, Path run) {
        Dataset copy = Dataset.open(data);
        return new Trainer(recipe, copy, copy.list("labeled"), copy.list("unlabeled"), clip, run);
    }

    /** Files that were fine when training began: what was trained is saved, and the run goes on as if nothing had been. */
    @Test
    void filesThatGoBadDuringTrainingCostNothing() throws IOException {
        Path data = scenes("data");
        Recipe recipe = recipe("train.steps=12");
        Path run = dir.resolve("run");
        Path photos = data.resolve("JPEGImages");
        Path away = dir.resolve("away");
        HierVlException e =
            assertThrows(HierVlException.class, () -> trainer(recipe, data, run).train(false, new StopSignal(), (done, total, note) -> {
                if (done == 2) {
                    move(photos, away);
                }
            }));
        assertEquals(HierVlException.Kind.DATA, e.kind());
        long step = newest(run).manifest().step();
        assertTrue(step >= 2 && step < 12, "step " + step);
        assertTrue(e.getMessage().contains("JPEGImages/") && e.getMessage().contains("step " + step + " is saved in " + run)
            && e.getMessage().contains("--resume"), e.getMessage());
        HierVlException again =
            assertThrows(HierVlException.class, () -> trainer(recipe, data, run).train(true, new StopSignal(), Progress.NONE));
        assertTrue(again.getMessage().contains("step " + step + " is saved"), again.getMessage());
        move(away, photos);
        assertTrue(trainer(recipe, data, run).train(true, new StopSignal(), Progress.NONE).finished());
        Path whole = dir.resolve("whole");
        trainer(recipe, data, whole).train(false, new StopSignal(), Progress.NONE);
        Map<String, INDArray> b = newest(run).arrays(n -> true);
        newest(whole).arrays(n -> true)
            .forEach((name, array) -> assertEquals(0, array.sub(b.get(name)).amaxNumber().doubleValue(), 0.0, name));
    }

    @Test
    void filesThatAreBadFromTheStartLeaveNoCheckpoint() throws IOException {
        Path data = scenes("data");
        try (Stream<Path> files = Files.list(data.resolve("SegmentationClass"))) {
            for (Path file : files.toList()) {
                Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 60));
            }
        }
        Path run = dir.resolve("run");
        HierVlException e =
            assertThrows(HierVlException.class, () -> trainer(recipe(), data, run).train(false, new StopSignal(), Progress.NONE));
        assertEquals(HierVlException.Kind.DATA, e.kind());
        assertTrue(new CheckpointStore(run, 9).latest().isEmpty());
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A request in the middle of a step gives the step up; the run then goes on as if it had not been interrupted. */
    @Test
    void aStepInWorkIsGivenUp() {
        Path run = dir.resolve("run-given-up");
        StopSignal stop = new StopSignal();
        int[] asked = new int[1];
        Progress progress = (done, total, note) -> {
            if (done == 2) {
                // no look at the signal comes between this report and the next step's ops but the one before the step
                Thread later = new Thread(() -> {
                    try {
                        Thread.sleep(30);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    stop.stop();
                });
                later.start();
            }
            asked[0]++;
        };
        Trainer.Outcome stopped = trainer(recipe("train.steps=400"), run).train(false, stop, progress);
        assertFalse(stopped.finished());
        assertEquals(stopped.steps(), newest(run).manifest().step(), "what was finished is saved");
        assertTrue(stopped.steps() < 400 && asked[0] == stopped.steps(), stopped.toString());
    }

    /** The best of the measured checkpoints stays beside the last ones, ends a run that no longer gains, and is what predictions take. */
    @Test
    void theBestCheckpointStaysAndPatienceEndsTheRun() {
        Path run = dir.resolve("run-best");
        Map<Long, Double> found = Map.of(1L, 0.2, 2L, 0.4, 3L, 0.3, 4L, 0.1, 5L, 0.1, 6L, 0.1);
        RunHooks hooks = new RunHooks() {
            @Override
            public Map<String, Double> measure(Checkpoint newest, long done) {
                assertEquals(done, newest.manifest().step());
                return Map.of(MIOU, found.get(done));
            }
        };
        Trainer.Outcome outcome =
            trainer(recipe("train.steps=6", "train.eval_every=1", "train.patience=3", "train.checkpoint_every=1"), run)
                .train(false, new StopSignal(), Progress.NONE, hooks);
        assertEquals(5, outcome.steps(), "three measurements after the best one");
        assertTrue(outcome.finished());
        assertEquals(2, CheckpointStore.find(run).manifest().step());
        assertEquals(5, newest(run).manifest().step());
        assertEquals(0.4, BestCheckpoint.of(run).orElseThrow().miou());
    }

    /** The rule for checkpoints of older versions: a setting that did not exist had its default. */
    @Test
    void aCheckpointWithoutLaterSettingsGoesOn() throws IOException {
        Path run = dir.resolve("run");
        StopSignal stop = new StopSignal();
        trainer(recipe(), run).train(false, stop, stopAt(2, stop));
        Path manifest = newest(run).folder().resolve("manifest.json");
        String text = Files.readString(manifest);
        String older = text.replace("\"version\" : 2", "\"version\" : 1").replaceFirst("\"seal\" : \"[^\"]*\",", "")
            .replace("  resize: pillow\\n", "").replace("  blank_rim: false\\n", "")
            .replaceFirst("\"config_hash\" : \"\\w+\"", "\"config_hash\" : \"of an older recipe\"")
            .replaceFirst("(?s),\\s*\"palette\" : .*", " } }");
        assertFalse(older.matches("(?s).*(n  resize:|blank_rim|palette).*"), older);
        Files.writeString(manifest, older);
        HierVlException other = assertThrows(HierVlException.class, () -> trainer(recipe("train.seed=9", "loss.tau=0.5"), run)
            .train(true, new StopSignal(), Progress.NONE));
        assertEquals(HierVlException.Kind.DATA, other.kind());
        assertEquals("cannot resume " + run + " with other settings (then -> now): loss.tau: 0.07 -> 0.5; train.seed: 0 -> 9"
            + "; only train.steps, train.epochs, train.checkpoint_every, train.eval_every, train.patience and train.log_every may change. "
            + "A new run with other settings can start from these weights: train --init-from " + run, other.getMessage());
        HierVlException rim = assertThrows(HierVlException.class,
            () -> trainer(recipe("loss.blank_rim=true"), run).train(true, new StopSignal(), Progress.NONE));
        assertTrue(rim.getMessage().contains("loss.blank_rim: false -> true; only"), rim.getMessage());
        assertTrue(trainer(recipe(), run).train(true, new StopSignal(), Progress.NONE).finished());
    }

    /** The paper's crop of 801 pixels is no multiple of the patch; neither is one of 60 with patches of 8 and maps at twice that. */
    @Test
    void cropsThatPatchesDoNotDivideArePadded() {
        Recipe recipe = recipe("train.crop=60");
        Path run = dir.resolve("run-odd-crop");
        TrainingModel model = TrainingModel.create(recipe, clip, dataset.spec());
        assertEquals(64, model.canvas());
        Trainer.Outcome outcome = trainer(recipe, run).train(false, new StopSignal(), Progress.NONE);
        assertTrue(outcome.finished());
        assertTrue(outcome.last().values().stream().allMatch(Double::isFinite), outcome.last().toString());
    }

    /** oneDNN's ReLU makes 0 of NaN, so that only the gradient shows it; the message still names a term and its images. */
    @Test
    void notANumberBeforeAReluIsNamed() {
        Recipe recipe = recipe();
        TrainingModel model = TrainingModel.create(recipe, clip, dataset.spec());
        TrainingStep step = new TrainingStep(model, 6);
        Batches batches = new Batches(dataset, dataset.list("labeled"), dataset.list("unlabeled"), 2, 2, recipe.train().batch().crop(),
            recipe.train().batch().crop(), recipe.augment(),
            ClipNormalize.openai(), true, 0);
        String weight = model.trainable().stream().filter(n -> n.endsWith("fc1.weight")).findFirst().orElseThrow();
        model.store().get(weight).array().putScalar(0, Float.NaN);
        HierVlException e = assertThrows(HierVlException.class, () -> step.run(batches.at(0)));
        assertEquals(HierVlException.Kind.DIVERGED, e.kind());
        assertFalse(e.getMessage().contains("gradient"), e.getMessage());
        assertTrue(e.getMessage().matches("step 0: \\w+ is NaN; .*Images: JPEGImages/.*"), e.getMessage());
    }

    /** What the recipe says about class 0 wins; only where it says nothing does the data set decide. */
    @Test
    void theRecipeDecidesWhetherClassZeroIsErased() {
        List<String> classes = List.of("cat", "dog");
        DatasetSpec none = DatasetSpec.of("pets", classes);
        DatasetSpec background = DatasetSpec.of("pets", List.of("background", "dog"));
        assertTrue(rules(recipe(), none).background());
        assertFalse(rules(recipe(), background).background());
        assertFalse(rules(recipe("loss.mask_background=false"), none).background());
        assertTrue(rules(recipe("loss.mask_background=true"), background).background());
    }

    private static MaskTargets.Rules rules(Recipe recipe, DatasetSpec spec) {
        MaskTargets.Rules rules = TrainingModel.create(recipe, clip, spec).maskRules();
        assertEquals(rules, TrainingModel.create(Recipes.forData(recipe, spec), clip, spec).maskRules());
        return rules;
    }

    @Test
    void moreLearnablePromptThanTheTextTowerTakesIsRefused() {
        HierVlException e = assertThrows(HierVlException.class, () -> trainer(recipe("model.text_prompt_tokens=30"), dir.resolve("run"))
            .train(false, new StopSignal(), Progress.NONE));
        assertEquals(HierVlException.Kind.DATA, e.kind());
        assertTrue(e.getMessage().contains("model.text_prompt_tokens is 30") && e.getMessage().contains("32 positions"), e.getMessage());
    }

    @Test
    void seedsMakeOtherRuns() {
        trainer(recipe("train.steps=1"), dir.resolve("a")).train(false, new StopSignal(), Progress.NONE);
        trainer(recipe("train.steps=1", "train.seed=1"), dir.resolve("b")).train(false, new StopSignal(), Progress.NONE);
        assertNotEquals(newest(dir.resolve("a")).arrays(n -> n.equals("p/hsqg.mlp.0.0.weight")),
            newest(dir.resolve("b")).arrays(n -> n.equals("p/hsqg.mlp.0.0.weight")));
    }
}
