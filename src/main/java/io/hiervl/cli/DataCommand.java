package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.data.DataCheck;
import io.hiervl.data.DataReport;
import io.hiervl.data.Dataset;
import io.hiervl.data.SplitMaker;
import io.hiervl.synth.SynthDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands on data sets. */
@Command(name = "data", mixinStandardHelpOptions = true, description = "Works with data sets.", subcommands = DataSpeedCommand.class)
final class DataCommand implements Runnable {
    private final Console console;

    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    DataCommand(Console console) {
        this.console = console;
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing command: check, speed, split or synth");
    }

    @Command(mixinStandardHelpOptions = true, description = "Reads all images, masks and lists of a data set and reports every problem at once.")
    int check(@Parameters(paramLabel = "DIR", description = "Folder with dataset.yaml.") Path dir,
              @Option(names = "--json", description = "Write one JSON document.") boolean json) {
        DataReport report = DataCheck.run(dir, console.progress("check"));
        if (json) {
            console.json(report);
        } else {
            for (DataReport.Problem p : report.problems()) {
                console.println((p.stops() ? "error: " : "note: ") + (p.list().isEmpty() ? "" : p.list() + (p.line() > 0 ? ":" + p.line() : "") + ": ")
                    + p.file() + ": " + p.problem() + ": " + p.detail());
            }
            for (DataReport.Frequency f : report.frequencies()) {
                console.println(String.format(Locale.ROOT, "%-24s %6d images %12d pixels", f.name(), f.images(), f.pixels()));
            }
            for (DataReport.ListSummary list : report.lists()) {
                console.println(String.format(Locale.ROOT, "%-10s %s: %d images, %d masks", list.role(), list.file(), list.samples(), list.masks()));
            }
            console.println(report.problems().size() + " findings" + (report.stopsTraining() ? ", some stop training" : ", none stops training"));
        }
        return report.stopsTraining() ? HierVlException.Kind.DATA.exitCode() : 0;
    }

    @Command(mixinStandardHelpOptions = true, description = "Splits a list into labelled and unlabelled images, the same for the same seed.")
    int split(@Parameters(paramLabel = "DIR", description = "Folder with dataset.yaml.") Path dir,
              @Option(names = "--list", required = true, description = "List with masks to split.") Path list,
              @Option(names = "--labels", required = true, description = "Number of labelled images.") int labels,
              @Option(names = "--balanced", description = "Choose images so that rare classes occur.") boolean balanced,
              @Option(names = "--seed", defaultValue = "0", description = "Seed, default ${DEFAULT-VALUE}.") long seed,
              @Option(names = "--out", required = true, description = "Folder for labeled.txt and unlabeled.txt.") Path out) {
        if (Files.exists(out.resolve("labeled.txt")) || Files.exists(out.resolve("unlabeled.txt"))) {
            throw HierVlException.environment(out + " already holds lists; nothing was written");
        }
        Dataset dataset = Dataset.open(dir);
        SplitMaker.Split split = SplitMaker.split(dataset, dataset.list(list), labels, balanced, seed, console.progress("split"));
        split.write(out);
        console.println(split.labelled().size() + " labelled and " + split.unlabelled().size() + " unlabelled images in " + out);
        return 0;
    }

    @Command(mixinStandardHelpOptions = true, description = "Makes the rendered scenes of datasets/tiny, the same files for the same seed.")
    int synth(@Parameters(paramLabel = "DIR", description = "Folder to write, empty or new.") Path dir,
              @Option(names = "--seed", defaultValue = "" + SynthDataset.DEFAULT_SEED, description = "Seed, ${DEFAULT-VALUE} for datasets/tiny.") long seed)
            throws IOException {
        if (Files.isDirectory(dir)) {
            try (var files = Files.list(dir)) {
                if (files.findAny().isPresent()) {
                    throw HierVlException.environment(dir + " is not empty; nothing was written");
                }
            }
        }
        new SynthDataset(seed).write(dir, console.progress("scenes"));
        console.println("data set of seed " + seed + " in " + dir);
        return 0;
    }
}
