package io.hiervl.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
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

/** The runs of an experiment: what is measured lies in {@code result.json} of each run's folder. */
final class ExperimentRuns {
    private static final int LARGEST_RESULT = 1 << 24;

    private final Experiment experiment;
    private final List<ExperimentCell> cells;
    private final Path out;
    private final Console console;
    private Comparison comparison;

    ExperimentRuns(Experiment experiment, Path out, Console console) {
        this.experiment = experiment;
        this.cells = experiment.cells();
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
            comparison = new Comparison(experiment.recipes().get(0), console);
        }
        return comparison;
    }

    /** Makes every run that is neither measured nor in work elsewhere. */
    void all(StopSignal stop) {
        for (int i = 0; i < cells.size() && !stop.isSet(); i++) {
            measure(i, stop);
        }
    }

    private void measure(int cell, StopSignal stop) {
        Path result = result(cells.get(cell));
        Optional<RunLock> lock = Files.exists(result) ? Optional.empty() : RunLock.tryTake(result.getParent());
        if (lock.isEmpty()) {
            return; // measured, or in work elsewhere
        }
        try (RunLock held = lock.get()) {
            if (Files.exists(result)) {
                return; // finished elsewhere in the meantime
            }
            Map<String, Object> measured = experiment.measure(cell, comparison(), result.resolveSibling("run"), stop);
            if (measured != null) {
                AtomicFile.write(result, stream -> stream.write(new ObjectMapper().writeValueAsBytes(measured)));
            }
        }
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
                    known.put(cell.row(), List.of(timed(cell, experiment.recipes().get(i), stop)));
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
        return comparison().seconds(own, experiment.recipe(three), cell.labels(), out.resolve(".plan"), stop);
    }

    private static JsonNode read(Path file) {
        try {
            return new ObjectMapper().readTree(InputFiles.text(file, "a result", LARGEST_RESULT, HierVlException.Kind.DATA));
        } catch (IOException e) {
            throw HierVlException.data(file + " cannot be read as a result: " + AtomicFile.reason(e), e);
        }
    }

    /** What is measured so far. */
    ExperimentTable table() {
        ExperimentTable table = new ExperimentTable();
        for (int i = 0; i < cells.size(); i++) {
            if (Files.exists(result(cells.get(i)))) {
                Path file = result(cells.get(i));
                table.add(experiment.entry(i, read(file), file));
            }
        }
        return table;
    }
}
