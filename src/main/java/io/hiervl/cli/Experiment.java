package io.hiervl.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.HierVlException;
import io.hiervl.checkpoint.Hashes;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.config.ExperimentSpec;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.report.ExperimentTable;
import io.hiervl.train.StopSignal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The runs of an experiment file: label counts, seeds and rows, each to be trained and measured, wherever that happens.
 *
 * @param spec    the file
 * @param cells   its runs
 * @param recipes of the runs
 */
public record Experiment(ExperimentSpec spec, List<Cell> cells, List<Recipe> recipes) {
    private static final String CLIP = "clip";

    /**
     * A cell of the table with one seed.
     *
     * @param labels   label count; 0 for the frozen CLIP
     * @param settings of the row and of the command
     */
    public record Cell(String row, int labels, long seed, List<String> settings) {
        /** Folder of its run. */
        public String folder() {
            return labels == 0 ? row : row + "-" + labels + "-s" + seed;
        }
    }

    /** Reads a file and the recipes of all runs: mistakes in the last row are found before the first is trained. */
    public static Experiment read(Path file, List<String> settings) {
        ExperimentSpec spec = Recipes.readFile(file, ExperimentSpec.class);
        List<Cell> cells = cells(spec, settings);
        return new Experiment(spec, cells, cells.stream().map(c -> recipe(spec, c)).toList());
    }

    /** Seeds and counts outside, rows inside: a table that is not finished compares all rows. */
    private static List<Cell> cells(ExperimentSpec spec, List<String> settings) {
        List<Cell> cells = new ArrayList<>();
        if (spec.clip()) {
            cells.add(new Cell(CLIP, 0, 0, settings));
        }
        for (int labels : spec.labels()) {
            for (long seed : spec.seeds()) {
                spec.rows().forEach((row, own) -> {
                    List<String> all = new ArrayList<>(own);
                    all.add("train.seed=" + seed);
                    all.addAll(settings);
                    cells.add(new Cell(row, labels, seed, all));
                });
            }
        }
        return cells;
    }

    private static Recipe recipe(ExperimentSpec spec, Cell cell) {
        Recipe recipe = Recipes.load(spec.recipe(), cell.settings);
        return Recipes.forData(recipe, DatasetSpecs.read(TrainCommand.folder(null, recipe.source().dataset(), "--data", "data set")));
    }

    /**
     * Trains and measures a run.
     *
     * @param run run folder, gone on with if it holds a checkpoint
     * @return the result for {@link #entry}; null if the signal stopped it
     */
    public Map<String, Object> measure(int cell, Path run, StopSignal stop, Console console) {
        return measure(cell, new Comparison(recipes.get(0), console), run, stop);
    }

    Map<String, Object> measure(int cell, Comparison comparison, Path run, StopSignal stop) {
        Cell c = cells.get(cell);
        Comparison.Measured measured = c.labels == 0 ? new Comparison.Measured(comparison.measureFrozen(), 0)
            : comparison.run(recipes.get(cell), c.labels, run, stop, c.folder());
        if (measured == null) {
            return null;
        }
        Map<String, Object> json = measured.result().json();
        json.put("train_seconds", measured.seconds());
        json.put("recipe", Hashes.of(recipes.get(cell).toYaml()));
        return json;
    }

    /**
     * A line of the table.
     *
     * @param result what {@link #measure} gave
     * @param where  how messages call it
     */
    public ExperimentTable.Entry entry(int cell, JsonNode result, Object where) {
        Cell c = cells.get(cell);
        if (!result.path("recipe").asText().equals(Hashes.of(recipes.get(cell).toYaml()))) {
            throw HierVlException.config(where + " was made with other settings than row '" + c.row + "' has now; choose another --out");
        }
        return new ExperimentTable.Entry(c.row, c.labels, c.seed, result.get("miou").asDouble(), result.get("pixel_accuracy").asDouble(),
            result.get("train_seconds").asDouble());
    }
}
