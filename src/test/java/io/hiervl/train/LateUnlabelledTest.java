package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.clip.ClipBundle;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.data.Dataset;
import io.hiervl.op.SameDiffOps;
import io.hiervl.runlog.MetricsCsv;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Labelled images alone in the first part of a run. */
class LateUnlabelledTest {
    @TempDir
    Path run;

    @Test
    void unlabelledImagesTakePartFromAShareOfTheRunOn() {
        SameDiffOps.start();
        Dataset dataset = Dataset.open(Path.of("datasets/tiny"));
        Recipe recipe = Recipes.load("tiny",
            List.of("model.dim=16", "model.heads=2", "model.n_enc=1", "model.n_dec=1", "model.enc_ffn=16", "model.dec_ffn=16",
                "model.cm_dim=4", "model.norm_groups=4", "model.visual_queries=4", "train.steps=6", "train.batch_labelled=2",
                "train.batch_unlabelled=2", "train.log_every=1", "train.unlabelled_from=0.5"));
        List<String> notes = new ArrayList<>();
        assertTrue(new Trainer(recipe, dataset, dataset.list("labeled"), dataset.list("unlabeled"),
            ClipBundle.open(Path.of("graphs/tiny-clip")), run).train(false, new StopSignal(), (done, total, note) -> notes.add(note))
            .finished());
        double[] sure = MetricsCsv.read(run.resolve("metrics.csv")).get("mask_ratio");
        assertEquals(List.of(false, false, false, true, true, true), Arrays.stream(sure).mapToObj(Double::isFinite).toList());
        assertTrue(notes.get(1).endsWith("unlabelled from 3") && notes.get(3).contains("pseudo "), notes.toString());
    }
}
