package io.hiervl.train;

import io.hiervl.checkpoint.BestCheckpoint;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.config.TrainConfig;
import java.nio.file.Path;
import java.util.Map;

/** Keeps the best checkpoint of a run, and says when too many evaluations in a row were worse. */
final class Patience {
    private final Path run;
    private final TrainConfig.Every every;

    Patience(Path run, TrainConfig.Every every) {
        this.run = run;
        this.every = every;
    }

    /** @param figures of {@link RunHooks#measure} for a checkpoint */
    void measured(Checkpoint checkpoint, Map<String, Double> figures) {
        Double miou = figures.get(RunHooks.MIOU);
        if (miou != null && BestCheckpoint.of(run).map(best -> miou > best.miou()).orElse(true)) {
            new BestCheckpoint(checkpoint.folder().getFileName().toString(), checkpoint.manifest().step(), miou).write(run);
        }
    }

    /** Whether the run should end after this many steps. It follows from the run folder alone, so that a resumed run decides the same. */
    boolean over(long done) {
        return every.patience() > 0
            && BestCheckpoint.of(run).map(best -> done - best.step() >= (long) every.patience() * every.evalEvery()).orElse(false);
    }
}
