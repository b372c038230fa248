package io.hiervl.train;

import io.hiervl.PublicApi;
import io.hiervl.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.Map;

/** What a caller of {@link Trainer} may add to a run. The thread that trains calls it. */
@PublicApi
public interface RunHooks {
    /** Figure of {@link #measure}: mIoU on the validation list, in [0, 1]. */
    String MIOU = "val_miou";

    /** Adds nothing. */
    RunHooks NONE = new RunHooks() {
    };

    /** The run folder is there and locked, training goes on after step {@code done}. */
    default void started(Path run, long done) {
    }

    /** A checkpoint was written, with everything that the run folder holds up to this step. */
    default void saved(Checkpoint newest, long done) {
    }

    /**
     * Measures the newest checkpoint; called every {@code train.eval_every} steps and after the last one.
     *
     * @param newest that of step {@code done}
     * @return figures for the log; {@link #MIOU} decides which checkpoint is the best
     */
    default Map<String, Double> measure(Checkpoint newest, long done) {
        return Map.of();
    }

    /** What the run does, where the user may have expected something else. */
    default void note(String sentence) {
    }

    /** Something that the user should know before the run ends. */
    default void warn(String sentence) {
    }

    /** Whether the line of progress shows every term. */
    default boolean verbose() {
        return false;
    }
}
