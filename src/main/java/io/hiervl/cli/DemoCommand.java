package io.hiervl.cli;

import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.config.Recipes;
import io.hiervl.config.TrainConfig;
import io.hiervl.eval.EvalResult;
import io.hiervl.eval.ImageSegmenter;
import io.hiervl.eval.ListSource;
import io.hiervl.image.Palette;
import io.hiervl.op.SameDiffOps;
import io.hiervl.predict.PredictionGrid;
import io.hiervl.predict.Segmenter;
import io.hiervl.report.Curves;
import io.hiervl.report.HtmlReport;
import io.hiervl.runlog.MetricsCsv;
import io.hiervl.train.StopSignal;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The embedded default: one table of what language adds at the smallest label count. */
@Command(name = "demo", mixinStandardHelpOptions = true,
    description = "Trains a supervised-only baseline and HierVL on the embedded scenes, with the same number of "
        + "steps, and compares both with the "
        + "frozen CLIP alone: a table and a report.")
final class DemoCommand implements Callable<Integer> {
    private static final int PICTURES = 6;
    /** Three minutes on two cores, with the build. */
    private static final int STEPS = 240;
    private static final String TINY = "tiny";

    private final Console console;

    @Option(names = "--out", defaultValue = "runs/demo", paramLabel = "DIR",
        description = "Folder of runs and report (default ${DEFAULT-VALUE}).")
    Path out;

    @Option(names = "--labels", defaultValue = "8", description = "Labelled images: 8, 24 or 72.")
    int labels;

    @Option(names = "--seed", defaultValue = "0", description = "Seed of all random choices.")
    long seed;

    @Option(names = "--all", description = "Also train the UniMatch-style run, which has no language.")
    boolean unimatch;

    @Option(names = "--recipe", defaultValue = TINY, description = "Recipe (default ${DEFAULT-VALUE}).")
    String recipe;

    @Option(names = "--steps", paramLabel = "N",
        description = "Steps of every trained run (default: " + STEPS + " of the recipe tiny, else as many as the recipe has).")
    Integer steps;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Overrides a setting of the recipe in every run.")
    List<String> settings = new ArrayList<>();

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    DemoCommand(Console console) {
        this.console = console;
    }

    /** One line of the table. */
    private record Row(String method, double seconds, EvalResult result, Path run) {
    }

    @Override
    public Integer call() throws IOException {
        if (steps != null && steps < 1) {
            throw HierVlException.usage("--steps is " + steps + ", expected at least 1"); // 0 would mean as many epochs as the recipe has
        }
        Folders.require(out, "runs and report");
        SameDiffOps.start();
        List<String> all = new ArrayList<>(settings);
        if (steps != null || recipe.equals(TINY)) {
            all.add(0, "train.steps=" + (steps == null ? STEPS : steps));
        }
        Comparison comparison = new Comparison(Recipes.load(recipe, all), console);
        List<Row> rows = new ArrayList<>();
        long start = System.nanoTime();
        EvalResult frozen = comparison.measureFrozen();
        rows.add(new Row("clip", (System.nanoTime() - start) / 1e9, frozen, null));
        List<TrainConfig.Method> methods = new ArrayList<>(List.of(TrainConfig.Method.SUPERVISED, TrainConfig.Method.HIERVL));
        if (unimatch) {
            methods.add(1, TrainConfig.Method.UNIMATCH);
        }
        for (TrainConfig.Method method : methods) {
            String name = method.name().toLowerCase(Locale.ROOT);
            List<String> own = new ArrayList<>(all);
            own.add("train.method=" + name);
            own.add("train.seed=" + seed);
            Path run = fresh(out.resolve(name + "-" + labels + "-s" + seed));
            Comparison.Measured measured = comparison.run(Recipes.load(recipe, own), labels, run, new StopSignal(), name);
            rows.add(new Row(name, measured.seconds(), measured.result(), run));
        }
        Path report = out.resolve("report.html");
        report(rows, comparison, report);
        if (json) {
            console.json(Map.of("table", rows.stream().map(this::json).toList(), "report", report.toString()));
        } else {
            print(rows);
            console.println("report: " + report);
        }
        return 0;
    }

    /** The demo may run again and again: an older run of the same name is moved out of the way. */
    private static Path fresh(Path run) throws IOException {
        if (Files.exists(run)) {
            Path old = run;
            for (int i = 1; Files.exists(old); i++) {
                old = run.resolveSibling(run.getFileName() + ".old" + i);
            }
            Files.move(run, old);
        }
        return run;
    }

    private Map<String, Object> json(Row row) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("method", row.method);
        map.put("labels", labels);
        map.put("seed", seed);
        map.put("miou", row.result.miou());
        map.put("seconds", row.seconds);
        return map;
    }

    private void print(List<Row> rows) {
        for (Row row : rows) {
            console.println(String.format(Locale.ROOT, "%-12s mIoU %5.1f   %6.1f s   %s", row.method, 100 * row.result.miou(), row.seconds,
                perClass(row)));
        }
    }

    private static String perClass(Row row) {
        StringBuilder text = new StringBuilder();
        for (int c = 0; c < row.result.classes().size(); c++) {
            text.append(String.format(Locale.ROOT, "%s %.0f  ", row.result.classes().get(c), 100 * row.result.matrix().iou(c)));
        }
        return text.toString().strip();
    }

    private void report(List<Row> rows, Comparison comparison, Path file) throws IOException {
        HtmlReport page = new HtmlReport("HierVL: " + labels + " labelled images");
        page.paragraph("mIoU in percent on " + comparison.val().size()
            + " validation images of the embedded rendered scenes; every trained row had the same number of steps.");
        List<String> header = new ArrayList<>(List.of("method", "mIoU", "seconds"));
        header.addAll(rows.get(0).result.classes());
        List<List<String>> cells = new ArrayList<>();
        for (Row row : rows) {
            List<String> line =
                new ArrayList<>(List.of(row.method, percent(row.result.miou()), String.format(Locale.ROOT, "%.0f", row.seconds)));
            for (int c = 0; c < row.result.classes().size(); c++) {
                line.add(percent(row.result.matrix().iou(c)));
            }
            cells.add(line);
        }
        page.table(header, cells);
        page.heading("Predictions")
            .pictures(List.of(new HtmlReport.Picture("the first " + PICTURES + " validation images", pictures(rows, comparison))), false);
        Map<String, Map<String, double[]>> metrics = new LinkedHashMap<>();
        for (Row row : rows) {
            if (row.run != null) {
                metrics.put(row.method, MetricsCsv.read(row.run.resolve("metrics.csv")));
            }
        }
        List<HtmlReport.Picture> curves = new ArrayList<>();
        Curves.compare(metrics).forEach((name, image) -> curves.add(new HtmlReport.Picture(name, image)));
        page.heading("Training").pictures(curves, false);
        page.write(file);
    }

    /** Truth and the maps of every row, the frozen CLIP included. */
    private BufferedImage pictures(List<Row> rows, Comparison comparison) {
        ListSource val = comparison.val();
        int count = Math.min(PICTURES, val.size());
        List<String> columns = new ArrayList<>(List.of("truth"));
        List<PredictionGrid.Row> lines = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            lines.add(new PredictionGrid.Row(val.photo(i), new ArrayList<>(List.of(val.labels(i)))));
        }
        for (Row row : rows) {
            columns.add(row.method);
            try (Segmenter segmenter = row.run == null ? null : Segmenter.load(row.run)) {
                ImageSegmenter images = segmenter == null ? comparison.frozen() : segmenter.images();
                lines.forEach(line -> line.maps().add(images.segment(line.photo()).labels()));
            }
        }
        return new PredictionGrid(Palette.of(comparison.dataset().spec().pictureColours()), comparison.dataset().spec().classes())
            .draw(columns, lines);
    }

    private static String percent(double value) {
        return String.format(Locale.ROOT, "%.1f", 100 * value);
    }
}
