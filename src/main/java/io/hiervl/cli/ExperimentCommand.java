package io.hiervl.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.config.ExperimentSpec;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.eval.EvalResult;
import io.hiervl.op.Backend;
import io.hiervl.report.ExperimentTable;
import io.hiervl.train.StopSignal;
import io.hiervl.train.checkpoint.RunLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Tables of many runs, such as those of docs/results.md. */
@Command(name = "experiment", mixinStandardHelpOptions = true,
    description = "Trains and measures every row of a table at every label count with every seed, and prints the table of what is measured so far.",
    footer = {"", "A run whose result is there is not repeated. Ctrl-C saves; the same command goes on. Several processes may work on one folder."})
final class ExperimentCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;
    private static final String CLIP = "clip";

    private final Console console;

    @Parameters(paramLabel = "FILE", description = "YAML with name, recipe, labels, seeds, clip and rows.")
    Path file;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder of the runs, results.csv and results.md.")
    Path out;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Overrides a setting in every run.")
    List<String> settings = new ArrayList<>();

    @Option(names = "--table", description = "Train nothing, only collect the results that are there.")
    boolean tableOnly;

    ExperimentCommand(Console console) {
        this.console = console;
    }

    /** A cell of the table with one seed. */
    private record Cell(String row, int labels, long seed, List<String> settings) {
        String folder() {
            return labels == 0 ? row : row + "-" + labels + "-s" + seed;
        }
    }

    @Override
    public Integer call() throws IOException {
        ExperimentSpec spec = Recipes.readFile(file, ExperimentSpec.class);
        List<Cell> cells = cells(spec);
        boolean finished = true;
        if (!tableOnly) {
            Backend.start();
            // Mistakes in the last row are found before the first is trained.
            List<Recipe> recipes = cells.stream().map(c -> Recipes.load(spec.recipe(), c.settings)).toList();
            Comparison comparison = new Comparison(recipes.get(0), console);
            StopSignal stop = new StopSignal();
            try (Interrupt interrupt = new Interrupt(stop, console)) {
                for (int i = 0; i < cells.size() && !stop.isSet(); i++) {
                    measure(cells.get(i), recipes.get(i), comparison, stop);
                }
            }
            finished = !stop.isSet();
        }
        ExperimentTable table = new ExperimentTable();
        for (Cell cell : cells) {
            Path result = result(cell);
            if (Files.exists(result)) {
                JsonNode r = new ObjectMapper().readTree(result.toFile());
                table.add(new ExperimentTable.Entry(cell.row, cell.labels, cell.seed, r.get("miou").asDouble(), r.get("pixel_accuracy").asDouble(),
                    r.get("train_seconds").asDouble()));
            }
        }
        Files.createDirectories(out);
        Files.writeString(out.resolve("results.csv"), table.csv());
        Files.writeString(out.resolve("results.md"), table.markdown());
        console.println(spec.name() + "\n\n" + table.markdown());
        return finished ? 0 : INTERRUPTED;
    }

    /** Seeds and counts outside, rows inside: a table that is not finished compares all rows. */
    private List<Cell> cells(ExperimentSpec spec) {
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

    private Path result(Cell cell) {
        return out.resolve(cell.folder()).resolve("result.json");
    }

    private void measure(Cell cell, Recipe recipe, Comparison comparison, StopSignal stop) throws IOException {
        Path result = result(cell);
        Optional<RunLock> lock = Files.exists(result) ? Optional.empty() : RunLock.tryTake(result.getParent());
        if (lock.isEmpty()) {
            return; // measured, or in work elsewhere
        }
        try (RunLock held = lock.get()) {
            if (Files.exists(result)) {
                return; // finished elsewhere in the meantime
            }
            Comparison.Measured measured = cell.labels == 0 ? new Comparison.Measured(comparison.measureFrozen(), 0)
                : comparison.run(recipe, cell.labels, result.resolveSibling("run"), stop, cell.folder());
            if (measured != null) {
                Files.write(result.resolveSibling("result.tmp"), new ObjectMapper().writeValueAsBytes(json(measured)));
                Files.move(result.resolveSibling("result.tmp"), result, StandardCopyOption.ATOMIC_MOVE);
            }
        }
    }

    private static Map<String, Object> json(Comparison.Measured measured) {
        EvalResult r = measured.result();
        Map<String, Object> json = r.json();
        json.put("train_seconds", measured.seconds());
        return json;
    }
}
