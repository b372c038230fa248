package io.hiervl.cli;

import io.hiervl.backbone.BackboneWeights;
import io.hiervl.checkpoint.BestCheckpoint;
import io.hiervl.checkpoint.Checkpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.config.TrainConfig;
import io.hiervl.eval.EvalResult;
import io.hiervl.eval.Evaluator;
import io.hiervl.eval.ListSource;
import io.hiervl.predict.Segmenter;
import io.hiervl.predict.TrainedModel;
import io.hiervl.runlog.MetricsCsv;
import io.hiervl.train.StopSignal;
import io.hiervl.train.Trainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What a verdict compares a run with, beyond what costs nothing.
 *
 * @param supervised      training with the labelled photos alone for as long as the run took, null if it was not asked for
 * @param supervisedSteps steps of that training
 * @param unaveraged      the weights of the last step where the run keeps their average, null otherwise
 */
record Rivals(EvalResult supervised, long supervisedSteps, EvalResult unaveraged) {
    static final Rivals NONE = new Rivals(null, 0, null);
    /** Folder of the supervised training within the run's. */
    private static final String FOLDER = "baseline";

    /** Adds the weights of the last step, where predictions take their average. */
    Rivals withUnaveraged(Path run, Recipe recipe, ListSource source, DatasetSpec spec, Console console) {
        if (source == null || !recipe.train().ema().keep()) {
            return this;
        }
        Checkpoint newest = CheckpointStore.latest(run).orElseThrow();
        try (Segmenter last = TrainedModel.withoutAverage(newest).segmenter()) {
            return new Rivals(supervised, supervisedSteps,
                new Evaluator(spec.classes()).evaluate(source, last.images(), console.progress("eval without the average")));
        }
    }

    /**
     * Trains with the labelled photos alone, with the other settings of the run, and measures that; goes on where it was stopped.
     *
     * @param run folder of the finished run
     * @return {@link #NONE} if the signal stopped it
     */
    static Rivals supervised(TrainData data, ClipBundle clip, BackboneWeights tower, Path run, StopSignal signal, Console console) {
        Path folder = run.resolve(FOLDER);
        boolean begun = Files.isDirectory(folder.resolve("checkpoints"));
        TrainData alone = begun ? with(data, folder, List.of()) : planned(data, clip, tower, run, signal, console);
        if (alone == null) {
            return NONE;
        }
        RunRecord record = new RunRecord(data.validation(), data.dataset().spec(), console);
        Trainer.Outcome outcome = new Trainer(alone.recipe(), alone.dataset(), alone.labelled(), null, clip, tower, folder)
            .train(begun, signal, console.progress("baseline"), record);
        if (!outcome.finished()) {
            return NONE;
        }
        BestCheckpoint best = BestCheckpoint.of(folder).orElse(null);
        EvalResult known = record.result(best == null ? outcome.steps() : best.step());
        if (known != null) {
            return new Rivals(known, outcome.steps(), null);
        }
        try (Segmenter segmenter = Segmenter.load(folder)) {
            return new Rivals(new Evaluator(data.dataset().spec().classes()).evaluate(data.validation(), segmenter.images(),
                console.progress("eval baseline")), outcome.steps(), null);
        }
    }

    private static TrainData planned(TrainData data, ClipBundle clip, BackboneWeights tower, Path run, StopSignal signal, Console console) {
        console.begin("baseline: timing two supervised steps");
        double step = StepTimer.seconds(with(data, run, StepTimer.SETTINGS), clip, tower, run.resolve(".plan"), signal);
        if (Double.isNaN(step)) {
            return null;
        }
        double all = seconds(run, data.recipe());
        long steps = Math.max(1, Math.round(all / step));
        console.note(String.format(Locale.ROOT, "baseline: %d supervised steps of %.2f s, as long as the run's %s of training", steps, step,
            ProgressLine.time(all)));
        return with(data, run, List.of("train.steps=" + steps,
            "train.warmup=" + Math.min(data.recipe().train().optimiser().warmup(), steps / 2)));
    }

    /** Data and settings of a run for supervised training. */
    private static TrainData with(TrainData data, Path run, List<String> more) {
        Recipe recipe = Recipes.load(run.resolve("resolved.yaml").toString(), TrainData.with(List.of("train.method=supervised"), more));
        return new TrainData(recipe, data.dataset(), data.labelled(), null, data.validation());
    }

    /** Seconds of a run's steps, without its measurements, also of those before it was resumed. */
    private static double seconds(Path run, Recipe recipe) {
        TrainConfig train = recipe.train();
        double[] rates = MetricsCsv.read(run.resolve("metrics.csv")).getOrDefault("images_per_second", new double[0]);
        long steps = CheckpointStore.latest(run).orElseThrow().manifest().step();
        double images = train.images(0, steps, Math.max(steps, train.length().steps()));
        return Arrays.stream(rates).filter(r -> r > 0).map(r -> images / r).average().orElse(0);
    }
}
