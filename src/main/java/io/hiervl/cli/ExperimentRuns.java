package io.hiervl.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.checkpoint.Hashes;
import io.hiervl.checkpoint.RunLock;
import io.hiervl.config.Recipe;
import io.hiervl.op.SameDiffOps;
import io.hiervl.report.ExperimentTable;
import io.hiervl.train.StopSignal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/** The runs of an experiment: what is measured lies in {@code result.json} of each run's folder. */
final class ExperimentRuns {
    private final List<ExperimentCell> cells;
    private final Function<List<String>, Recipe> recipe;
    private final List<Recipe> recipes;
    private final Path out;
    private final Console console;
    private Comparison comparison;

    /**
     * @param recipe of a run with these settings
     * @throws HierVlException if the settings of a cell make none
     */
    ExperimentRuns(List<ExperimentCell> cells, Function<List<String>, Recipe> recipe, Path out, Console console) {
        this.cells = cells;
        this.recipe = recipe;
        this.recipes = cells.stream().map(c -> recipe.apply(c.settings())).toList();
        this.out = out;
        this.console = console;
    }

    int total() {
        return cells.size();
    }

    /** Runs whose result is there. */
    int done() {
        return (int) cells.stream().filter(c -> Files.exists(result(c))).count();
    }

    int pending() {
        return total() - done();
    }

    private Path result(ExperimentCell cell) {
        return out.resolve(cell.folder()).resolve("result.json");
    }

    private Comparison comparison() {
        if (comparison == null) {
            SameDiffOps.start();
            comparison = new Comparison(recipes.get(0), console);
        }
        return comparison;
    }

    /** Makes every run that is neither measured nor in work elsewhere. */
    void all(StopSignal stop) {
        for (int i = 0; i < cells.size() && !stop.isSet(); i++) {
            measure(cells.get(i), recipes.get(i), stop);
        }
    }

    private void measure(ExperimentCell cell, Recipe own, StopSignal stop) {
        Path result = result(cell);
        Optional<RunLock> lock = Files.exists(result) ? Optional.empty() : RunLock.tryTake(result.getParent());
        if (lock.isEmpty()) {
            return; // measured, or in work elsewhere
        }
        try (RunLock held = lock.get()) {
            if (Files.exists(result)) {
                return; // finished elsewhere in the meantime
            }
            Comparison.Measured measured = cell.labels() == 0 ? comparison().frozenRow()
                : comparison().run(own, cell.labels(), result.resolveSibling("run"), stop, cell.folder());
            if (measured != null) {
                AtomicFile.write(result, stream -> stream.write(new ObjectMapper().writeValueAsBytes(json(measured, own))));
            }
        }
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
     * Seconds of training of all runs that are to be made, one after the other: as long as runs of their row took, or else three timed
     * steps of the row.
     */
    double estimate(StopSignal stop) {
        Map<String, List<Double>> known = new HashMap<>();
        for (ExperimentCell cell : cells) {
            if (Files.exists(result(cell))) {
                known.computeIfAbsent(cell.row(), r -> new ArrayList<>()).add(read(result(cell)).path("train_seconds").asDouble());
            }
        }
        double sum = 0;
        for (int i = 0; i < cells.size() && !stop.isSet(); i++) {
            ExperimentCell cell = cells.get(i);
            if (cell.labels() > 0 && !Files.exists(result(cell))) {
                if (!known.containsKey(cell.row())) {
                    known.put(cell.row(), List.of(timed(cell, recipes.get(i), stop)));
                }
                sum += known.get(cell.row()).stream().mapToDouble(s -> s).average().orElseThrow();
            }
        }
        return sum;
    }

    private double timed(ExperimentCell cell, Recipe own, StopSignal stop) {
        console.begin("timing three steps of " + cell.row());
        List<String> three = new ArrayList<>(cell.settings());
        three.addAll(StepTimer.SETTINGS);
        return comparison().seconds(own, recipe.apply(three), cell.labels(), out.resolve(".plan"), stop);
    }

    private static JsonNode read(Path file) {
        try {
            return new ObjectMapper().readTree(file.toFile());
        } catch (IOException e) {
            throw HierVlException.data(file + " cannot be read as a result: " + AtomicFile.reason(e), e);
        }
    }

    /** What is measured so far. */
    ExperimentTable table() {
        ExperimentTable table = new ExperimentTable();
        for (int i = 0; i < cells.size(); i++) {
            if (Files.exists(result(cells.get(i)))) {
                table.add(entry(cells.get(i), recipes.get(i)));
            }
        }
        return table;
    }

    private ExperimentTable.Entry entry(ExperimentCell cell, Recipe own) {
        Path file = result(cell);
        JsonNode r = read(file);
        if (!r.path("recipe").asText().equals(Hashes.of(own.toYaml()))) {
            throw HierVlException
                .config(file + " was made with other settings than row '" + cell.row() + "' has now; choose another --out");
        }
        return new ExperimentTable.Entry(cell.row(), cell.labels(), cell.seed(), r.get("miou").asDouble(),
            r.get("pixel_accuracy").asDouble(),
            r.path("test_miou").asDouble(Double.NaN), r.get("train_seconds").asDouble());
    }
}
