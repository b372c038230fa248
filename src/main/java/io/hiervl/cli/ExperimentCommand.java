package io.hiervl.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.checkpoint.RunLock;
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

    @Override
    public Integer call() throws IOException {
        Experiment experiment = Experiment.read(file, settings);
        List<Experiment.Cell> cells = experiment.cells();
        Folders.require(out, "runs and tables");
        boolean finished = true;
        if (!tableOnly) {
            SameDiffOps.start();
            Comparison comparison = new Comparison(experiment.recipes().get(0), console);
            StopSignal stop = new StopSignal();
            try (Interrupt interrupt = new Interrupt(stop, console)) {
                for (int i = 0; i < cells.size() && !stop.isSet(); i++) {
                    measure(experiment, i, comparison, stop);
                }
            }
            finished = !stop.isSet();
        }
        ExperimentTable table = new ExperimentTable();
        for (int i = 0; i < cells.size(); i++) {
            Path result = result(cells.get(i));
            if (Files.exists(result)) {
                table.add(experiment.entry(i, new ObjectMapper().readTree(result.toFile()), result));
            }
        }
        String name = file.getFileName().toString().replaceAll("\\.ya?ml$", "");
        AtomicFile.write(out.resolve(name + ".csv"), table.csv());
        AtomicFile.write(out.resolve(name + ".md"), table.markdown());
        console.println(experiment.spec().name() + "\n\n" + table.markdown());
        return finished ? 0 : INTERRUPTED;
    }

    private Path result(Experiment.Cell cell) {
        return out.resolve(cell.folder()).resolve("result.json");
    }

    private void measure(Experiment experiment, int cell, Comparison comparison, StopSignal stop) {
        Path result = result(experiment.cells().get(cell));
        Optional<RunLock> lock = Files.exists(result) ? Optional.empty() : RunLock.tryTake(result.getParent());
        if (lock.isEmpty()) {
            return; // measured, or in work elsewhere
        }
        try (RunLock held = lock.get()) {
            if (Files.exists(result)) {
                return; // finished elsewhere in the meantime
            }
            Map<String, Object> measured = experiment.measure(cell, comparison, result.resolveSibling("run"), stop);
            if (measured != null) {
                AtomicFile.write(result, stream -> stream.write(new ObjectMapper().writeValueAsBytes(measured)));
            }
        }
    }
}
