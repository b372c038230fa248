package io.hiervl.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How time and memory of a ViT-B/16 training step grow with one quantity while the others stay: image side, classes,
 * images. Each step runs in a process of its own.
 */
public final class Growth {
    /** All series; one alone is {@code growth size}, {@code growth classes} or {@code growth batch}. */
    static final String CASE = "growth";

    /** Classes and batch are varied at this side, so that the largest of them takes minutes and not hours. */
    private static final int SIDE = 256;

    private Growth() {
    }

    /**
     * One varied quantity.
     *
     * @param name   word behind {@code growth}
     * @param values in ascending order
     * @param cases  step with each of the values
     */
    public record Series(String name, List<Integer> values, List<String> cases) {
        /** For people. */
        String title() {
            return switch (name) {
                case "size" -> "image side (1 + 1 images, " + Setup.VOC_CLASSES + " classes)";
                case "classes" -> "classes (1 + 1 images of " + SIDE + ")";
                default -> "labelled and unlabelled images each (side " + SIDE + ", " + Setup.VOC_CLASSES + " classes)";
            };
        }
    }

    private static final List<Series> ALL = List.of(
        series("size", List.of(256, 384, 512, 640), "step vit-b16-%d 1+1"),
        series("classes", List.of(2, Setup.VOC_CLASSES, 81, 150), "step vit-b16-" + SIDE + " 1+1 %d classes"),
        series("batch", List.of(1, 2, 4), "step vit-b16-" + SIDE + " %1$d+%1$d"));

    private static Series series(String name, List<Integer> values, String pattern) {
        return new Series(name, values, values.stream().map(v -> String.format(Locale.ROOT, pattern, v)).toList());
    }

    /** The series of a case; empty if it is no case of this kind. */
    public static List<Series> of(String name) {
        return ALL.stream().filter(s -> name.equals(CASE) || name.equals(CASE + " " + s.name)).toList();
    }

    /**
     * One value.
     *
     * @param series          quantity
     * @param value           of the quantity
     * @param median_ms       of a step
     * @param peak_rss_mb     of its process, preparation included
     * @param time_exponent   log ratio of the times by log ratio of the values, from the value before; null for the first
     * @param memory_exponent the same of the memory
     */
    public record Line(String series, int value, double median_ms, long peak_rss_mb, Double time_exponent, Double memory_exponent) {
    }

    /** The lines of a series from the rows of its cases, in order. */
    public static List<Line> lines(Series series, List<Benchmark.Row> rows) {
        List<Line> lines = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            Benchmark.Row row = rows.get(i);
            Double time = null;
            Double memory = null;
            if (i > 0) {
                double step = Math.log((double) series.values.get(i) / series.values.get(i - 1));
                time = Math.log(row.median_ms() / rows.get(i - 1).median_ms()) / step;
                memory = Math.log((double) row.peak_rss_mb() / rows.get(i - 1).peak_rss_mb()) / step;
            }
            lines.add(new Line(series.name, series.values.get(i), row.median_ms(), row.peak_rss_mb(), time, memory));
        }
        return lines;
    }

    /** The table of a series for people. */
    public static String markdown(Series series, List<Line> lines) {
        StringBuilder text =
            new StringBuilder("| " + series.title() + " | step, median ms | exponent | peak MB | exponent |\n|---|---|---|---|---|\n");
        for (Line l : lines) {
            text.append(
                String.format(Locale.ROOT, "| %d | %.0f | %s | %d | %s |%n", l.value, l.median_ms, exponent(l.time_exponent), l.peak_rss_mb,
                    exponent(l.memory_exponent)));
        }
        return text.toString();
    }

    private static String exponent(Double e) {
        return e == null ? "" : String.format(Locale.ROOT, "%.2f", e);
    }
}
