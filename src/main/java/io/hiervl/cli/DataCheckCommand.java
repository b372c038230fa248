package io.hiervl.cli;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.data.CacheFolder;
import io.hiervl.data.DataCheck;
import io.hiervl.data.DataReport;
import io.hiervl.data.Dataset;
import io.hiervl.data.ListFiles;
import io.hiervl.image.Images;
import io.hiervl.report.SampleSheet;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Checks a data set. */
@Command(name = "check", mixinStandardHelpOptions = true,
    description = "Reads all images, masks and lists of a data set and reports every problem at once.",
    footer = {"",
        "Exit code 3 if something stops training. Results are kept in the folder .hiervl of the data set by size and time of each file,",
        "so that a check that was stopped goes on where it was."})
final class DataCheckCommand implements Callable<Integer> {
    /** Lines of one kind that are printed. */
    private static final int SHOWN = 20;

    private final Console console;

    @Parameters(paramLabel = "DIR", description = "Data folder.")
    Path dir;

    @Option(names = "--recipe", paramLabel = "NAME|FILE", description = "Check the lists of the recipe's split, such as voc-92.")
    String recipe;

    @Option(names = "--split", paramLabel = "NAME", description = "Check the lists of a split, such as 92.")
    String split;

    @Option(names = "--splits", paramLabel = "DIR", description = "Folder of the splits; default: splits in the data folder.")
    Path splits;

    @Option(names = "--labeled", paramLabel = "FILE", description = "List of labelled images; default: the data set's.")
    Path labeled;

    @Option(names = "--unlabeled", paramLabel = "FILE", description = "List of unlabelled images; default: the data set's.")
    Path unlabeled;

    @Option(names = "--val", paramLabel = "FILE", description = "Validation list; default: the data set's.")
    Path val;

    @Option(names = "--sheet", paramLabel = "FILE",
        description = "Where to draw samples with their labels (PNG); default: samples.png in the folder .hiervl.")
    Path sheet;

    @Option(names = "--fresh", description = "Read every file again.")
    boolean fresh;

    @Option(names = "--all", description = "Print every problem, not only the first " + SHOWN + " of a kind.")
    boolean all;

    @Option(names = "--json", description = "Write one JSON document with every problem.")
    boolean json;

    DataCheckCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Dataset dataset = Dataset.open(dir, console.progress("labels"));
        Recipe named = recipe == null ? null : Recipes.load(recipe, List.of());
        String chosen = split != null ? split : named == null ? null : named.source().split();
        ListFiles files = new ListFiles(dataset, chosen, splits);
        Map<String, Path> given = new LinkedHashMap<>();
        put(given, "labeled", labeled);
        put(given, "unlabeled", unlabeled);
        put(given, "val", val);
        DataReport report = DataCheck.run(dataset, files, given, !fresh, console.progress("check"));
        if (json) {
            console.json(report);
        } else {
            print(report);
        }
        DatasetSpec.ROLES.forEach(role -> put(given, role, given.getOrDefault(role, files.find(role))));
        draw(dataset, given);
        return report.stopsTraining() ? HierVlException.Kind.DATA.exitCode() : 0;
    }

    private static void put(Map<String, Path> lists, String role, Path file) {
        if (file != null) {
            lists.put(role, file);
        }
    }

    private void print(DataReport report) {
        Map<String, Integer> seen = new HashMap<>();
        for (DataReport.Problem p : report.problems()) {
            if (seen.merge(p.problem(), 1, Integer::sum) <= SHOWN || all) {
                console.println(
                    (p.stops() ? "error: " : "note: ") + (p.list().isEmpty() ? "" : p.list() + (p.line() > 0 ? ":" + p.line() : "") + ": ")
                        + (p.file().equals(p.list()) ? "" : p.file() + ": ") + p.problem() + ": " + p.detail());
            }
        }
        seen.forEach((kind, n) -> {
            if (n > SHOWN && !all) {
                console.println("... " + (n - SHOWN) + " more of '" + kind + "' (--all)");
            }
        });
        long total = report.frequencies().stream().mapToLong(DataReport.Frequency::pixels).sum();
        for (DataReport.Frequency f : report.frequencies()) {
            console.println(String.format(Locale.ROOT, "%-24s %6d images %12d pixels %6.2f %%", f.name(), f.images(), f.pixels(),
                100.0 * f.pixels() / Math.max(1, total)));
        }
        for (DataReport.ListSummary list : report.lists()) {
            console.println(
                String.format(Locale.ROOT, "%-10s %s: %d images, %d masks", list.role(), list.file(), list.samples(), list.masks()));
        }
        if (report.sizes() != null) {
            DataReport.Sizes s = report.sizes();
            console.println(String.format(Locale.ROOT, "photos     %d to %d wide, %d to %d high", s.minWidth(), s.maxWidth(), s.minHeight(),
                s.maxHeight()));
        }
        String kinds = new TreeMap<>(seen).entrySet().stream().map(e -> e.getKey() + " " + e.getValue()).collect(Collectors.joining(", "));
        console.println(report.problems().size() + " findings" + (kinds.isEmpty() ? "" : " (" + kinds + ")")
            + (report.stopsTraining() ? ", some stop training" : ", none stops training"));
    }

    private void draw(Dataset dataset, Map<String, Path> lists) {
        BufferedImage picture = SampleSheet.draw(dataset, lists.values());
        if (picture == null) {
            console.note("no sample could be drawn");
            return;
        }
        Path file = sheet != null ? AtomicFile.named(sheet) : CacheFolder.of(dataset.root()).resolve("samples.png");
        Images.writePng(picture, file);
        console.note("samples with their labels: " + file);
    }
}
