package io.hiervl.cli;

import io.hiervl.checkpoint.BestCheckpoint;
import io.hiervl.config.LossConfig;
import io.hiervl.config.Recipe;
import io.hiervl.config.TrainConfig;
import io.hiervl.data.ClassCounts;
import io.hiervl.eval.EvalResult;
import io.hiervl.runlog.MetricsCsv;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a report says about a run beside its figures.
 *
 * @param lines    command, data, date, versions: a sentence each
 * @param best     the checkpoint that predictions take, null for the last
 * @param known    what was measured for that checkpoint, null if nothing was
 * @param last     what was measured after the last step, null if nothing was
 * @param guidance of the frozen CLIP, null if it was not measured
 * @param labels   pixels of the labelled photos
 * @param rivals   what else was trained or measured for the comparison
 * @param recipe   settings of the run
 * @param run      the run folder
 */
record RunFacts(List<String> lines, BestCheckpoint best, EvalResult known, EvalResult last, GuidanceWorth guidance, ClassCounts labels,
    Rivals rivals, Recipe recipe, Path run) {
    /** The verdict for a result of the checkpoint that predictions take. */
    @SuppressWarnings("ReferenceEquality") // the result of one evaluation, not one of equal figures
    Verdict verdict(EvalResult result) {
        Map<String, double[]> columns = MetricsCsv.read(run.resolve("metrics.csv"));
        return new Verdict(result, last == result ? null : last, best, guidance, rivals, labels, lastOf(columns, "mask_ratio"),
            lastOf(columns, "pseudo_accuracy"), rarer());
    }

    /** Settings that show rare classes more often and that the run did not have. */
    private List<String> rarer() {
        List<String> settings = new ArrayList<>();
        if (recipe.train().batch().sampling() != TrainConfig.Sampling.RARE) {
            settings.add("train.sampling=rare");
        }
        if (recipe.loss().labelled().classWeights() == LossConfig.ClassWeights.NONE) {
            settings.add("loss.class_weights=balanced");
        }
        return settings;
    }

    private static double lastOf(Map<String, double[]> columns, String name) {
        double found = Double.NaN;
        for (double v : columns.getOrDefault(name, new double[0])) {
            found = Double.isFinite(v) ? v : found;
        }
        return found;
    }
}
