package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.data.Batches;
import io.hiervl.data.Dataset;
import io.hiervl.op.SameDiffOps;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Training on an image tower that does not change. */
class FrozenTowerTest {
    private static final String[] FROZEN = {"model.trainable=none", "model.visual_prompt_tokens=0"};

    @TempDir
    Path dir;

    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    private static RandomStep random() {
        return new RandomStep(DataType.DOUBLE, 5, 4, "default", "model.trainable=none", "model.visual_prompt_tokens=0");
    }

    /** The same step whether the tower runs in its graphs or its outputs were kept, up to the 11 bits of their mantissas. */
    @Test
    void keptOutputsGiveTheStep() {
        RandomStep alone = random();
        for (int unlabelled : new int[] {2, 1}) {
            Batches.Step batch = unlabelled == 2 ? alone.batch(2, 2)
                : new Batches.Step(60, alone.labelled(2), alone.unlabelled(1, alone.unlabelled(1, null)));
            TrainingStep plain = new TrainingStep(alone.model, 100);
            Map<String, Double> expected = plain.accumulate(batch, alone.draws()).log();
            KeptArrays kept = new KeptArrays(dir.resolve("kept" + unlabelled), 1 << 30);
            TrainingStep from = new TrainingStep(alone.model, 100, AllReduce.ALONE, kept);
            for (String time : List.of("made", "read")) {
                Map<String, Double> found = from.accumulate(batch, alone.draws()).log();
                assertEquals(expected.keySet(), found.keySet());
                // a pixel at a threshold of the entropy or of the labels changes sides by the rounding
                expected.forEach((name, value) -> assertEquals(value, found.get(name), 5e-3 * (1 + Math.abs(value)), time + " " + name));
                assertEquals(plain.gradients().keySet(), from.gradients().keySet());
                double all = 0;
                double off = 0;
                for (Map.Entry<String, INDArray> g : plain.gradients().entrySet()) {
                    all += Math.pow(g.getValue().norm2Number().doubleValue(), 2);
                    off += Math.pow(g.getValue().sub(from.gradients().get(g.getKey())).norm2Number().doubleValue(), 2);
                }
                assertEquals(0, Math.sqrt(off / all), 0.02, time);
                from.gradients().values().forEach(g -> g.assign(0));
            }
            plain.gradients().keySet().forEach(name -> assertFalse(name.startsWith("vision."), name));
        }
    }

    private static Recipe recipe(String... more) {
        List<String> settings = new ArrayList<>(List.of(FROZEN));
        settings.addAll(List.of("model.dim=16", "model.heads=2", "model.n_enc=1", "model.n_dec=1", "model.enc_ffn=16", "model.dec_ffn=16",
            "model.cm_dim=4", "model.norm_groups=4", "model.visual_queries=4", "loss.sample_points=4096", "train.steps=6",
            "train.warmup=2", "train.batch_labelled=2", "train.batch_unlabelled=2", "train.checkpoint_every=100", "train.cycle=2",
            "train.tower_cache=1", "loss.mask=0", "loss.pt=0"));
        settings.addAll(List.of(more));
        return Recipes.load("tiny", settings);
    }

    private Trainer trainer(String run, String... more) {
        Dataset dataset = Dataset.open(Path.of("datasets/tiny"));
        return new Trainer(recipe(more), dataset, dataset.list("labeled"), dataset.list("unlabeled"),
            ClipBundle.open(Path.of("graphs/tiny-clip")), dir.resolve(run));
    }

    private Map<String, INDArray> arrays(String run) {
        return new CheckpointStore(dir.resolve(run), 9).latest().orElseThrow().arrays(n -> true);
    }

    /** A run that is stopped, whose cache is lost, and that goes on is the run that was not stopped, to the last bit. */
    @Test
    void aRunThatLostItsCacheGoesOnAsTheSame() throws IOException {
        List<String> notes = new ArrayList<>();
        trainer("whole").train(false, new StopSignal(), Progress.NONE, new RunHooks() {
            @Override
            public void note(String sentence) {
                notes.add(sentence);
            }
        });
        // two steps of 2 labelled images, 2 weak views with their guidance, and 4 strong ones, three times
        assertTrue(notes.get(0).startsWith("the image tower ran for 20 images and was read from disk for 40;"), notes.get(0));
        assertFalse(Files.exists(dir.resolve("whole/tower-cache")), "a finished run takes its files along");
        StopSignal signal = new StopSignal();
        Progress stop = (done, total, note) -> {
            if (done == 3) {
                signal.stop();
            }
        };
        assertFalse(trainer("parts").train(false, signal, stop).finished());
        Path cache = dir.resolve("parts/tower-cache");
        assertTrue(Files.isDirectory(cache));
        try (Stream<Path> all = Files.walk(cache)) {
            all.sorted(Comparator.reverseOrder()).skip(3).forEach(FrozenTowerTest::delete);
        }
        assertTrue(trainer("parts").train(true, new StopSignal(), Progress.NONE).finished());
        Map<String, INDArray> a = arrays("whole");
        Map<String, INDArray> b = arrays("parts");
        a.forEach((name, array) -> assertEquals(0, array.sub(b.get(name)).amaxNumber().doubleValue(), 0.0, name));
        assertTrue(a.keySet().stream().noneMatch(n -> n.startsWith("m/vision.")), "a frozen tower has no moments");
    }

    private static void delete(Path path) {
        try {
            if (Files.isRegularFile(path)) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aTowerThatLearnsHasNothingToKeep() {
        for (String setting : List.of("model.trainable=all", "model.trainable=attn_pos_only", "model.visual_prompt_tokens=2")) {
            HierVlException e = assertThrows(HierVlException.class, () -> recipe(setting), setting);
            assertTrue(e.getMessage().contains("set model.trainable to none and model.visual_prompt_tokens to 0"), e.getMessage());
        }
    }
}
