package io.hiervl.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.checkpoint.Hashes;
import io.hiervl.checkpoint.RunLock;
import io.hiervl.config.DatasetSpecs;
import io.hiervl.config.ExperimentSpec;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.eval.EvalResult;
import io.hiervl.op.SameDiffOps;
import io.hiervl.report.ExperimentTable;
import io.hiervl.train.StopSignal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Tables of many runs, such as those of docs/results.md. */
@Command(name = "experiment", mixinStandardHelpOptions = true,
    description = "Trains and measures every row of a table at every label count with every seed, and prints the "
        + "table of what is measured so far.",
    footer = {"", "A run whose result is there is not repeated. Ctrl-C saves; the same command goes on.",
        "Several processes may work on one folder, and several files may share rows of the same name and settings in it."})
final class ExperimentCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;
    private static final String CLIP = "clip";

    private final Console console;

    @Parameters(paramLabel = "FILE", description = "YAML with name, recipe, labels, seeds, clip and rows.")
    Path file;

    @Option(names = "--out", required = true, paramLabel = "DIR",
        description = "Folder of the runs and of the tables, FILE's name with .csv and .md.")
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
        // Mistakes in the last row are found before the first is trained.
        List<Recipe> recipes = cells.stream().map(c -> recipe(spec, c)).toList();
        Folders.require(out, "runs and tables");
        boolean finished = true;
        if (!tableOnly) {
            SameDiffOps.start();
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
        for (int i = 0; i < cells.size(); i++) {
            if (Files.exists(result(cells.get(i)))) {
                table.add(entry(cells.get(i), recipes.get(i)));
            }
        }
        String name = file.getFileName().toString().replaceAll("\\.ya?ml$", "");
        AtomicFile.write(out.resolve(name + ".csv"), table.csv());
        AtomicFile.write(out.resolve(name + ".md"), table.markdown());
        console.println(spec.name() + "\n\n" + table.markdown());
        return finished ? 0 : INTERRUPTED;
    }

    private static Recipe recipe(ExperimentSpec spec, Cell cell) {
        Recipe recipe = Recipes.load(spec.recipe(), cell.settings);
        return Recipes.forData(recipe, DatasetSpecs.read(TrainCommand.folder(null, recipe.source().dataset(), "--data", "data set")));
    }

    private ExperimentTable.Entry entry(Cell cell, Recipe recipe) throws IOException {
        Path file = result(cell);
        JsonNode r = new ObjectMapper().readTree(file.toFile());
        if (!r.path("recipe").asText().equals(Hashes.of(recipe.toYaml()))) {
            throw HierVlException.config(file + " was made with other settings than row '" + cell.row + "' has now; choose another --out");
        }
        return new ExperimentTable.Entry(cell.row, cell.labels, cell.seed, r.get("miou").asDouble(), r.get("pixel_accuracy").asDouble(),
            r.get("train_seconds").asDouble());
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

    private void measure(Cell cell, Recipe recipe, Comparison comparison, StopSignal stop) {
        Path result = result(cell);
        Optional<RunLock> lock = Files.exists(result) ? Optional.empty() : RunLock.tryTake(result.getParent());
        if (lock.isEmpty()) {
            return; // measured, or in work elsewhere
        }
        try (RunLock held = lock.get()) {
            if (Files.exists(result)) {
                return; // finished elsewhere in the meantime
            }
            Comparison.Measured measured = cell.labels == 0 ? comparison.frozenRow()
                : comparison.run(recipe, cell.labels, result.resolveSibling("run"), stop, cell.folder());
            if (measured != null) {
                AtomicFile.write(result, stream -> stream.write(new ObjectMapper().writeValueAsBytes(json(measured, recipe))));
            }
        }
    }

    private static Map<String, Object> json(Comparison.Measured measured, Recipe recipe) {
        EvalResult r = measured.result();
        Map<String, Object> json = r.json();
        if (measured.test() != null) {
            json.put("test_miou", measured.test().miou());
            json.put("test_pixel_accuracy", measured.test().matrix().pixelAccuracy());
            json.put("test_iou", IntStream.range(0, r.classes().size()).mapToObj(c -> measured.test().matrix().iou(c)).toList());
        }
        json.put("train_seconds", measured.seconds());
        json.put("recipe", Hashes.of(recipe.toYaml()));
        return json;
    }
}
