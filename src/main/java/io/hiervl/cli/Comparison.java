package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.clip.ClipBundle;
import io.hiervl.config.Recipe;
import io.hiervl.data.Dataset;
import io.hiervl.data.SplitList;
import io.hiervl.eval.EvalResult;
import io.hiervl.eval.Evaluator;
import io.hiervl.eval.ImageSegmenter;
import io.hiervl.eval.ListSource;
import io.hiervl.eval.ZeroShotModel;
import io.hiervl.image.ClipNormalize;
import io.hiervl.predict.Segmenter;
import io.hiervl.train.StopSignal;
import io.hiervl.train.Trainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** Runs to be compared: one data set with {@code splits/N} folders, one CLIP, one validation list. */
final class Comparison {
    private final Recipe base;
    private final Dataset dataset;
    private final ClipBundle clip;
    private final ListSource val;
    private final ListSource test;
    private final Evaluator evaluator;
    private final Console console;

    /** @param base names data set and CLIP */
    Comparison(Recipe base, Console console) {
        this.base = base;
        this.console = console;
        this.dataset = Dataset.open(TrainCommand.folder(null, base.source().dataset(), "--data", "data set"));
        this.clip = ClipBundle.open(TrainCommand.folder(null, base.source().clip(), "--clip", "CLIP bundle"));
        this.val = new ListSource(dataset, dataset.list("val"));
        Path report = dataset.root().resolve("test.txt");
        this.test = Files.exists(report) ? new ListSource(dataset, dataset.list(report)) : null;
        this.evaluator = new Evaluator(dataset.spec().classes());
    }

    /**
     * What was measured, and the seconds of training.
     *
     * @param result on the validation list
     * @param test   on the list {@code test.txt} of the data set, on which nothing is chosen; null without one
     */
    record Measured(EvalResult result, EvalResult test, double seconds) {
    }

    ListSource val() {
        return val;
    }

    Dataset dataset() {
        return dataset;
    }

    /** The frozen CLIP alone, asked for the data set's concepts. */
    ImageSegmenter frozen() {
        List<List<String>> concepts = IntStream.range(0, dataset.spec().classes().size()).mapToObj(dataset.spec()::conceptsOf).toList();
        return new ImageSegmenter(new ZeroShotModel(clip, concepts),
            new ClipNormalize(clip.preprocessing().mean(), clip.preprocessing().std()), base.eval());
    }

    EvalResult measureFrozen() {
        return evaluator.evaluate(val, frozen(), console.progress("clip"));
    }

    /** The frozen CLIP on all lists. */
    Measured frozenRow() {
        return measured(frozen(), 0, "clip");
    }

    private Measured measured(ImageSegmenter segmenter, double seconds, String label) {
        EvalResult result = evaluator.evaluate(val, segmenter, console.progress("eval " + label));
        EvalResult report = test == null ? null : evaluator.evaluate(test, segmenter, console.progress("test " + label));
        return new Measured(result, report, seconds);
    }

    /**
     * Trains into the run folder and measures; goes on from a checkpoint if the folder holds one.
     *
     * @param labels label count
     * @return null if the signal stopped the training
     */
    Measured run(Recipe recipe, int labels, Path run, StopSignal stop, String label) {
        // a run that was killed before its first checkpoint has a folder for them and starts again
        boolean resume = CheckpointStore.latest(run).isPresent();
        Trainer.Outcome outcome = new Trainer(recipe, dataset, list("labeled", labels), list("unlabeled", labels), clip, run)
            .train(resume, stop, console.progress(label));
        if (!outcome.finished()) {
            return null;
        }
        try (Segmenter segmenter = Segmenter.load(run)) {
            return measured(segmenter.images(), outcome.seconds(), label);
        }
    }

    /**
     * Seconds that a training takes, measured with a run of three steps.
     *
     * @param timed the recipe with {@link StepTimer#SETTINGS}
     * @param run   where the short run may lie; it is removed
     */
    double seconds(Recipe recipe, Recipe timed, int labels, Path run, StopSignal stop) {
        SplitList unlabelled = list("unlabeled", labels);
        double step = StepTimer.seconds(new Trainer(timed, dataset, list("labeled", labels), unlabelled, clip, run), run, stop);
        return step * recipe.train().stepsFor(unlabelled.size());
    }

    private SplitList list(String role, int labels) {
        return dataset.list(listFile(dataset.root(), role, labels));
    }

    /**
     * The list of a label count.
     *
     * @param root folder of the data set
     * @param role {@code labeled} or {@code unlabeled}
     */
    static Path listFile(Path root, String role, int labels) {
        Path file = root.resolve("splits").resolve(Integer.toString(labels)).resolve(role + ".txt");
        if (!Files.exists(file)) {
            throw HierVlException.data(root + " has no list for " + labels + " labelled images: " + file + " is missing");
        }
        return file;
    }
}
