package io.hiervl.cli;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.config.ExperimentSpec;
import io.hiervl.report.ExperimentPlot;
import io.hiervl.report.ExperimentTable;
import io.hiervl.train.StopSignal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/** Tables of many runs, such as those of docs/results.md. */
@Command(name = "experiment", mixinStandardHelpOptions = true,
    description = "Trains and measures every row of a table at every label count with every seed, and prints the "
        + "table of what is measured so far.",
    footer = {"", "A run whose result is there is not repeated. Ctrl-C saves; the same command goes on.",
        "Runs of the same seed share labelled images and draws, so that their differences are paired.",
        "Several processes may work on one folder, and several files may share rows of the same name and settings in it."})
final class ExperimentCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;
    /** Memory that a run of its own process gets at least. */
    private static final long GIB_PER_RUN = 3L << 30;

    private final Console console;

    @Parameters(paramLabel = "FILE", description = "YAML with name, recipe, labels, seeds, clip, rows and, if wanted, settings of all runs "
        + "and the row (baseline) that others are compared with.")
    Path file;

    @Option(names = "--out", required = true, paramLabel = "DIR",
        description = "Folder of the runs and of what is made of them, FILE's name with .csv, .md, .tex and .svg.")
    Path out;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Overrides a setting in every run.")
    List<String> settings = new ArrayList<>();

    @Option(names = "--table", description = "Train nothing, only collect the results that are there.")
    boolean tableOnly;

    @Option(names = "--jobs", paramLabel = "N",
        description = "Runs at a time, each in a process of its own. Default: one for each core, if each has 3 GiB.")
    Integer jobs;

    @Option(names = "--worker", hidden = true, description = "One of the processes of --jobs: no estimate, no tables.")
    boolean worker;

    ExperimentCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        if (jobs != null && jobs < 1) {
            throw HierVlException.usage("--jobs is " + jobs + ", it must be at least 1");
        }
        Experiment experiment = Experiment.read(file, settings);
        ExperimentRuns runs = new ExperimentRuns(experiment, out, console);
        Folders.require(out, "runs and tables");
        StopSignal stop = new StopSignal();
        int exit = 0;
        if (worker) {
            endWithInput(stop);
            runs.all(stop);
            return 0;
        }
        if (!tableOnly && runs.pending() > 0) {
            try (Interrupt interrupt = new Interrupt(stop, console)) {
                exit = measure(runs, stop);
            }
        }
        collect(experiment.spec(), runs);
        return stop.isSet() ? INTERRUPTED : exit;
    }

    private int measure(ExperimentRuns runs, StopSignal stop) {
        int cores = Runtime.getRuntime().availableProcessors();
        int at = Math.min(runs.pending(), jobs != null ? jobs : fitting(cores));
        double seconds = runs.estimate(stop);
        if (stop.isSet()) {
            return INTERRUPTED;
        }
        console.note(String.format(Locale.ROOT, "%d of %d runs are to be made, %d at a time: about %s", runs.pending(), runs.total(), at,
            duration(seconds / at)));
        if (at == 1) {
            runs.all(stop);
            return 0;
        }
        List<String> command = new ArrayList<>(List.of("experiment", file.toString(), "--out", out.toString(), "--worker", "--quiet"));
        settings.forEach(s -> command.addAll(List.of("--set", s)));
        return new ExperimentWorkers(command, Math.max(1, cores / at)).run(at, runs::done, runs.total(), stop, console.progress("runs"));
    }

    private static int fitting(int cores) {
        long memory = Memory.machine();
        return memory < 0 ? cores : (int) Math.max(1, Math.min(cores, memory / GIB_PER_RUN));
    }

    static String duration(double seconds) {
        if (seconds < 90) {
            return Math.round(seconds) + " s";
        }
        long minutes = Math.round(seconds / 60);
        return minutes < 90 ? minutes + " min" : minutes / 60 + " h " + minutes % 60 + " min";
    }

    /** The process that started this one closes its input to stop it; the terminal's Ctrl-C is that process's business. */
    private static void endWithInput(StopSignal stop) {
        Signal.handle(new Signal("INT"), SignalHandler.SIG_IGN);
        Thread reader = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {
                    // nothing is said, only the end counts
                }
            } catch (IOException e) {
                // no input is the end of it
            }
            stop.stop();
        }, "input");
        reader.setDaemon(true);
        reader.start();
    }

    private void collect(ExperimentSpec spec, ExperimentRuns runs) throws IOException {
        ExperimentTable table = runs.table();
        ExperimentTable.Measured reported = table.reported();
        StringBuilder text =
            new StringBuilder(table.markdown(reported)).append("\n± is the standard error, in brackets is the number of seeds.\n");
        if (spec.rows().size() > 1 && spec.seeds().size() > 1) {
            text.append('\n').append(table.differences(spec.baseline(), reported))
                .append("\nDifferences are paired by seed; those above two standard errors are bold.\n");
        }
        if (reported == ExperimentTable.Measured.TEST) {
            text.append('\n').append(table.markdown(ExperimentTable.Measured.VALIDATION)).append("\nChoices are made on this list.\n");
        }
        String name = file.getFileName().toString().replaceAll("\\.ya?ml$", "");
        AtomicFile.write(out.resolve(name + ".csv"), table.csv());
        AtomicFile.write(out.resolve(name + ".md"), text.toString());
        AtomicFile.write(out.resolve(name + ".tex"), table.latex(reported));
        AtomicFile.write(out.resolve(name + ".svg"), new ExperimentPlot(table, reported).svg(spec.name()));
        console.println(spec.name() + "\n\n" + text);
    }
}
