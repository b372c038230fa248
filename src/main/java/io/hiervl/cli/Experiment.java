package io.hiervl.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.HierVlException;
import io.hiervl.checkpoint.Hashes;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.config.ExperimentSpec;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.op.SameDiffOps;
import io.hiervl.report.ExperimentTable;
import io.hiervl.train.StopSignal;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * An experiment: the runs that a file names, each to be made and measured anywhere, and the table of their results.
 *
 * @param spec    the file
 * @param cells   its runs
 * @param recipes of the runs
 */
public record Experiment(ExperimentSpec spec, List<ExperimentCell> cells, List<Recipe> recipes) {
    /**
     * Reads a file and the recipes of all runs, and looks for their lists: mistakes in the last row are found before the first is trained.
     */
    public static Experiment read(Path file, List<String> settings) {
        ExperimentSpec spec = Recipes.readFile(file, ExperimentSpec.class);
        List<ExperimentCell> cells = ExperimentCell.of(spec, settings);
        List<Recipe> recipes = cells.stream().map(c -> recipe(spec, c.settings())).toList();
        IntStream.range(0, cells.size()).filter(c -> cells.get(c).labels() > 0)
            .forEach(c -> List.of("labeled", "unlabeled")
                .forEach(role -> Comparison.listFile(data(recipes.get(c)), role, cells.get(c).labels())));
        return new Experiment(spec, cells, recipes);
    }

    /** The recipe of a run of this experiment with other settings. */
    Recipe recipe(List<String> settings) {
        return recipe(spec, settings);
    }

    private static Recipe recipe(ExperimentSpec spec, List<String> settings) {
        Recipe recipe = Recipes.load(spec.recipe(), settings);
        return Recipes.forData(recipe, DatasetSpecs.read(data(recipe)));
    }

    private static Path data(Recipe recipe) {
        return TrainCommand.folder(null, recipe.source().dataset(), "--data", "data set");
    }

    /**
     * Trains and measures a run.
     *
     * @param run run folder, gone on with if it holds a checkpoint
     * @return the result for {@link #entry}; null if the signal stopped it
     */
    public Map<String, Object> measure(int cell, Path run, StopSignal stop, Console console) {
        SameDiffOps.start();
        return measure(cell, new Comparison(recipes.get(0), console), run, stop);
    }

    Map<String, Object> measure(int cell, Comparison comparison, Path run, StopSignal stop) {
        ExperimentCell c = cells.get(cell);
        Comparison.Measured measured =
            c.labels() == 0 ? comparison.frozenRow() : comparison.run(recipes.get(cell), c.labels(), run, stop, c.folder());
        return measured == null ? null : json(measured, recipes.get(cell));
    }

    private static Map<String, Object> json(Comparison.Measured measured, Recipe own) {
        Map<String, Object> json = measured.result().json();
        if (measured.test() != null) {
            json.put("test_miou", measured.test().miou());
            json.put("test_pixel_accuracy", measured.test().matrix().pixelAccuracy());
            json.put("test_iou",
                IntStream.range(0, measured.test().classes().size()).mapToObj(c -> measured.test().matrix().iou(c)).toList());
        }
        json.put("train_seconds", measured.seconds());
        json.put("recipe", Hashes.of(own.toYaml()));
        return json;
    }

    /**
     * A line of the table.
     *
     * @param result what {@link #measure} gave
     * @param where  how messages call it
     */
    public ExperimentTable.Entry entry(int cell, JsonNode result, Object where) {
        ExperimentCell c = cells.get(cell);
        if (!result.path("recipe").asText().equals(Hashes.of(recipes.get(cell).toYaml()))) {
            throw HierVlException.config(where + " was made with other settings than row '" + c.row() + "' has now; choose another --out");
        }
        return new ExperimentTable.Entry(c.row(), c.labels(), c.seed(), result.get("miou").asDouble(),
            result.get("pixel_accuracy").asDouble(), result.path("test_miou").asDouble(Double.NaN), result.get("train_seconds").asDouble());
    }
}
