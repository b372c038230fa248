package io.hiervl.train;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.config.Recipe;
import io.hiervl.config.TrainConfig;
import io.hiervl.optim.WarmupPoly;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A run that goes on to another last step than it was made for: schedules follow the new length from the next step on.
 *
 * @param done   finished steps
 * @param before last step of the run so far
 * @param after  last step from now on
 */
record Lengthening(long done, int before, int after) {
    private static final double START = 1e-6;

    /** Null if the length stays. */
    static Lengthening of(Path run, long done, int before, int after) {
        if (before == after) {
            return null;
        }
        if (after <= done) {
            throw HierVlException.config("the run " + run + " has finished " + done + " steps; train.steps is " + after
                + ", it must be larger to go on");
        }
        return new Lengthening(done, before, after);
    }

    /** Keeps the checkpoint that it starts from and writes the new settings; returns what to tell the user. */
    String begin(Path run, CheckpointStore store, Checkpoint newest, Recipe recipe) {
        String kept = String.format(Locale.ROOT, "kept-step-%09d-of-%d", done, before);
        store.keep(newest, kept);
        AtomicFile.write(run.resolve("resolved.yaml"),
            "# The run was made for " + before + " steps and went on after step " + done + ".\n" + recipe.toYaml());
        TrainConfig.Optimiser o = recipe.train().optimiser();
        return String.format(Locale.ROOT,
            "the run was made for %d steps and goes on from step %d to %d; schedules follow the new length, the "
                + "learning rate goes from %.3g to %.3g; the checkpoint of step %d is kept as checkpoints/%s",
            before, done, after,
            o.lr() * factor(before, o), o.lr() * factor(after, o), done, kept);
    }

    private double factor(int total, TrainConfig.Optimiser o) {
        return new WarmupPoly(total, o.warmup(), o.polyPower(), START).factor(done);
    }
}
