package io.hiervl.report;

import io.hiervl.Csv;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Measures of many runs as a table for reading and as one for computing. */
public final class ExperimentTable {
    private final List<Entry> entries = new ArrayList<>();

    /**
     * One finished run.
     *
     * @param row           of the table
     * @param labels        labelled images, 0 if none were used
     * @param seed          of the run
     * @param miou          0..1
     * @param pixelAccuracy 0..1
     * @param seconds       of training
     */
    public record Entry(String row, int labels, long seed, double miou, double pixelAccuracy, double seconds) {
    }

    public ExperimentTable add(Entry entry) {
        entries.add(entry);
        return this;
    }

    /** One line a run. */
    public String csv() {
        StringBuilder s = new StringBuilder("row,labels,seed,miou,pixel_accuracy,seconds\n");
        entries.forEach(e -> s.append(String.format(Locale.ROOT, "%s,%d,%d,%.4f,%.4f,%.0f\n", Csv.cell(e.row), e.labels, e.seed, e.miou,
            e.pixelAccuracy, e.seconds)));
        return s.toString();
    }

    /** Markdown: rows against label counts; mean and sample deviation of the mIoU in percent over the seeds, and their number. */
    public String markdown() {
        List<Integer> counts = entries.stream().map(Entry::labels).filter(n -> n > 0).distinct().sorted().toList();
        Map<String, List<Entry>> rows = new LinkedHashMap<>();
        entries.forEach(e -> rows.computeIfAbsent(e.row, r -> new ArrayList<>()).add(e));
        StringBuilder s = new StringBuilder("| row |");
        counts.forEach(n -> s.append(' ').append(n).append(" labels |"));
        s.append("\n|---|").append("---|".repeat(counts.size())).append('\n');
        rows.forEach((row, list) -> {
            s.append("| ").append(row).append(" |");
            counts.forEach(n -> s.append(' ')
                .append(cell(list.stream().filter(e -> e.labels == n || e.labels == 0).mapToDouble(Entry::miou).toArray())).append(" |"));
            s.append('\n');
        });
        return s.toString();
    }

    private static String cell(double[] values) {
        if (values.length == 0) {
            return "-";
        }
        double mean = 0;
        for (double v : values) {
            mean += 100 * v / values.length;
        }
        if (values.length == 1) {
            return String.format(Locale.ROOT, "%.1f", mean);
        }
        double square = 0;
        for (double v : values) {
            square += (100 * v - mean) * (100 * v - mean);
        }
        return String.format(Locale.ROOT, "%.1f ± %.1f (%d)", mean, Math.sqrt(square / (values.length - 1)), values.length);
    }
}
