package io.hiervl.report;

import io.hiervl.Csv;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/**
 * Measures of many runs. Runs of the same seed and label count are pairs: they share their labelled images and the draws of
 * whatever both rows have.
 */
public final class ExperimentTable {
    private final List<Entry> entries = new ArrayList<>();

    /**
     * One finished run.
     *
     * @param row           of the table
     * @param labels        labelled images, 0 if none were used
     * @param seed          of the run
     * @param miou          on the validation list, 0..1
     * @param pixelAccuracy on the validation list, 0..1
     * @param testMiou      on the test list, 0..1; NaN without one
     * @param seconds       of training
     */
    public record Entry(String row, int labels, long seed, double miou, double pixelAccuracy, double testMiou, double seconds) {
    }

    /** The lists that a run is measured on. */
    public enum Measured {
        TEST("mIoU in percent on the test list", Entry::testMiou), VALIDATION("mIoU in percent on the validation list", Entry::miou);

        private final String title;
        private final ToDoubleFunction<Entry> value;

        Measured(String title, ToDoubleFunction<Entry> value) {
            this.title = title;
            this.value = value;
        }
    }

    public ExperimentTable add(Entry entry) {
        entries.add(entry);
        return this;
    }

    /** One line a run. */
    public String csv() {
        StringBuilder s = new StringBuilder("row,labels,seed,miou,pixel_accuracy,test_miou,seconds\n");
        entries.forEach(e -> s.append(String.format(Locale.ROOT, "%s,%d,%d,%.4f,%.4f,%s,%.0f\n", Csv.cell(e.row), e.labels, e.seed, e.miou,
            e.pixelAccuracy, Double.isNaN(e.testMiou) ? "" : String.format(Locale.ROOT, "%.4f", e.testMiou), e.seconds)));
        return s.toString();
    }

    /** What figures are reported on: the test list if there is one. */
    public Measured reported() {
        return entries.stream().anyMatch(e -> !Double.isNaN(e.testMiou)) ? Measured.TEST : Measured.VALIDATION;
    }

    /** Label counts, ascending. */
    List<Integer> counts() {
        return entries.stream().map(Entry::labels).filter(n -> n > 0).distinct().sorted().toList();
    }

    /** Rows in the order of their first run. */
    List<String> rows() {
        return entries.stream().map(Entry::row).distinct().toList();
    }

    /** Mean in percent of a row at a label count; rows without labels stand at every count. */
    Mean mean(String row, int labels, Measured list) {
        return Mean.of(
            entries.stream().filter(e -> e.row.equals(row) && (e.labels == labels || e.labels == 0)).flatMapToDouble(e -> percent(e, list))
                .toArray());
    }

    private static DoubleStream percent(Entry e, Measured list) {
        double v = list.value.applyAsDouble(e);
        return Double.isNaN(v) ? DoubleStream.empty() : DoubleStream.of(100 * v);
    }

    /** Mean of the differences of a row to another one in points of mIoU, over the seeds that both have. */
    Mean difference(String row, String baseline, int labels, Measured list) {
        List<Entry> own = entries.stream().filter(e -> e.row.equals(row) && e.labels == labels).toList();
        return Mean.of(own.stream()
            .flatMapToDouble(e -> entries.stream().filter(b -> b.row.equals(baseline) && b.labels == labels && b.seed == e.seed)
                .mapToDouble(b -> 100 * (list.value.applyAsDouble(e) - list.value.applyAsDouble(b))))
            .filter(v -> !Double.isNaN(v)).toArray());
    }

    /** The table of a list for reading: mean and standard error over the seeds, and their number. */
    public String markdown(Measured list) {
        StringBuilder s = head(list.title);
        for (String row : rows()) {
            s.append("| ").append(row).append(" |");
            counts().forEach(n -> s.append(' ').append(mean(row, n, list).text("%.1f", " ± ")).append(" |"));
            s.append('\n');
        }
        return s.toString();
    }

    /** Differences to a row, paired by seed; those above two standard errors are bold. */
    public String differences(String baseline, Measured list) {
        StringBuilder s = head("difference to " + baseline);
        for (String row : rows()) {
            List<Mean> cells = counts().stream().map(n -> difference(row, baseline, n, list)).toList();
            if (!row.equals(baseline) && cells.stream().anyMatch(c -> c.runs() > 0)) {
                s.append("| ").append(row).append(" |");
                cells.forEach(c -> s.append(' ').append(c.counts() ? "**" + c.text("%+.1f", " ± ") + "**" : c.text("%+.1f", " ± "))
                    .append(" |"));
                s.append('\n');
            }
        }
        return s.toString();
    }

    private StringBuilder head(String title) {
        StringBuilder s = new StringBuilder("| ").append(title).append(" |");
        counts().forEach(n -> s.append(' ').append(n).append(" labels |"));
        return s.append("\n|---|").append("---|".repeat(counts().size())).append('\n');
    }

    /** The table of a list for a paper, with the rules of the package booktabs. */
    public String latex(Measured list) {
        StringBuilder s = new StringBuilder("% ").append(list.title.replace("%", "\\%")).append("; mean, standard error, number of seeds\n")
            .append("\\begin{tabular}{l").append("r".repeat(counts().size())).append("}\n\\toprule\n");
        counts().forEach(n -> s.append(" & ").append(n).append(" labels"));
        s.append(" \\\\\n\\midrule\n");
        for (String row : rows()) {
            s.append(row.replace("_", "\\_"));
            counts().forEach(n -> s.append(" & ").append(mean(row, n, list).text("%.1f", " $\\pm$ ")));
            s.append(" \\\\\n");
        }
        return s.append("\\bottomrule\n\\end{tabular}\n").toString();
    }
}
