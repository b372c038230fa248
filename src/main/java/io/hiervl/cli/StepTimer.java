package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.backbone.BackboneWeights;
import io.hiervl.clip.ClipBundle;
import io.hiervl.train.StopSignal;
import io.hiervl.train.Trainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Times real steps of a run: the first one builds the graphs, the next two count. */
final class StepTimer {
    /** Settings of a run that is only timed. */
    static final List<String> SETTINGS =
        List.of("train.steps=3", "train.warmup=1", "train.eval_every=0", "train.patience=0", "train.checkpoint_every=1000");

    /** Lets every step after the first find the outputs of a frozen tower on disk. */
    static final List<String> AGAIN = List.of("train.cycle=1");
    /** Lets the tower run in every step. */
    static final List<String> FIRST = List.of("train.tower_cache=0");

    /** With unlabelled images, and without: a run may have steps of both kinds. */
    static final List<String> ALL = List.of("train.unlabelled_from=0");
    static final List<String> LABELLED = List.of("train.unlabelled_from=1");

    private StepTimer() {
    }

    /**
     * @param input with {@link #SETTINGS}
     * @param run   where the run of three steps may lie; it is removed
     * @return seconds of a step, or NaN if the signal stopped it
     */
    static double seconds(TrainData input, ClipBundle clip, BackboneWeights tower, Path run, StopSignal stop) {
        return seconds(new Trainer(input.recipe(), input.dataset(), input.labelled(), input.unlabelled(), clip, tower, run), run, stop);
    }

    /**
     * @param trainer of three steps
     * @param run     its folder; it is removed
     * @return seconds of a step, or NaN if the signal stopped it
     */
    static double seconds(Trainer trainer, Path run, StopSignal stop) {
        long[] at = new long[4];
        Progress clock = (done, total, note) -> at[(int) Math.min(3, done)] = System.nanoTime();
        try {
            boolean finished = trainer.train(false, stop, clock).finished();
            return finished ? (at[3] - at[1]) / 2e9 : Double.NaN;
        } finally {
            remove(run);
        }
    }

    private static void remove(Path run) {
        if (!Files.exists(run)) {
            return;
        }
        try (Stream<Path> all = Files.walk(run)) {
            for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(p);
            }
        } catch (IOException | UncheckedIOException e) {
            throw HierVlException.environment("cannot remove " + run + ": " + e.getMessage());
        }
    }
}
