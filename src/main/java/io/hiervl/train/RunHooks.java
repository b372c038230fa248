package io.hiervl.train;

import io.hiervl.PublicApi;
import java.nio.file.Path;
import java.util.Map;

/** What a caller of {@link Trainer} may add to a run. The thread that trains calls it. */
@PublicApi
public interface RunHooks {
    /** Adds nothing. */
    RunHooks NONE = new RunHooks() {
    };

    /** The run folder is there and locked, training goes on after step {@code done}. */
    default void started(Path run, long done) {
    }

    /**
     * The newest checkpoint of the run folder is that of step {@code done}; called every {@code train.eval_every} steps.
     *
     * @return figures for the log
     */
    default Map<String, Double> measure(Path run, long done) {
        return Map.of();
    }
}
