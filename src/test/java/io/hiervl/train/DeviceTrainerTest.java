package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.cuda.Emulator;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.data.Dataset;
import io.hiervl.graph.GraphRunner;
import io.hiervl.op.SameDiffOps;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole run on the emulated GPU. */
@Tag("cuda")
class DeviceTrainerTest {
    private static final List<String> SMALL = List.of("model.dim=16", "model.heads=2", "model.n_enc=1", "model.n_dec=1", "model.enc_ffn=16",
        "model.dec_ffn=16", "model.cm_dim=4", "model.norm_groups=4", "model.visual_queries=4", "loss.sample_points=256", "train.steps=3",
        "train.crop=32", "train.method=supervised", "loss.gate=0", "train.warmup=2", "train.batch_labelled=1", "train.checkpoint_every=1");

    @BeforeAll
    static void load() {
        SameDiffOps.start();
        Emulator.backend();
    }

    /** Out of memory on the way: the checkpoint stays, the message says what to lower, and the run goes on from there. */
    @Test
    void outOfMemory(@TempDir Path run) {
        Recipe recipe = Recipes.load("tiny", SMALL);
        Dataset dataset = Dataset.open(Path.of("datasets/tiny"));
        ClipBundle clip = ClipBundle.open(Path.of("graphs/tiny-clip"));
        List<String> notes = new ArrayList<>();
        Backends.during(Emulator.backend(), () -> {
            Trainer trainer = new Trainer(recipe, dataset, dataset.list("labeled"), null, clip, run);
            RunHooks full = new RunHooks() {
                @Override
                public void saved(Checkpoint newest, long done) {
                    GraphRunner.releaseMemory();
                    Emulator.pretend("memory", 1);
                }
            };
            HierVlException e;
            try {
                e = assertThrows(HierVlException.class, () -> trainer.train(false, new StopSignal(), Progress.NONE, full));
            } finally {
                Emulator.pretend("memory", 0);
            }
            assertEquals(HierVlException.Kind.ENVIRONMENT, e.kind());
            for (String part : List.of("train.crop", "train.micro_batch", "model.recompute", "step 1 is saved in " + run, "--init-from")) {
                assertTrue(e.getMessage().contains(part), e.getMessage());
            }
            assertEquals(1, new CheckpointStore(run, 9).latest().orElseThrow().manifest().step());
            RunHooks hooks = new RunHooks() {
                @Override
                public void note(String sentence) {
                    notes.add(sentence);
                }
            };
            assertTrue(trainer.train(true, new StopSignal(), Progress.NONE, hooks).finished());
        });
        assertTrue(notes.stream().anyMatch(n -> n.contains("cuda:0") && n.contains("waits") && n.contains("the host computes")),
            notes.toString());
    }
}
