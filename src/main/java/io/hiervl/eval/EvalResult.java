package io.hiervl.eval;

import io.hiervl.Csv;
import io.hiervl.PublicApi;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What an evaluation found. Safe for several threads once the matrix is complete.
 *
 * @param classes  class names in index order
 * @param matrix   the counts
 * @param boundary of the classes' outlines
 * @param images   number of images
 * @param seconds  wall-clock time
 */
@PublicApi
public record EvalResult(List<String> classes, ConfusionMatrix matrix, BoundaryScore boundary, int images, double seconds)
    implements
        Serializable {
    public EvalResult {
        if (classes.size() != matrix.classes()) {
            throw new IllegalArgumentException(classes.size() + " names for " + matrix.classes() + " classes");
        }
    }

    public double miou() {
        return matrix.meanIou();
    }

    /** The measures of two lists together; the seconds add up. */
    public EvalResult plus(EvalResult other) {
        ConfusionMatrix counts = matrix.copy();
        counts.add(other.matrix);
        BoundaryScore outlines = boundary.copy();
        outlines.add(other.boundary);
        return new EvalResult(classes, counts, outlines, images + other.images, seconds + other.seconds);
    }

    /** The document of {@code eval --json}: miou, pixel_accuracy, images, iou by class, and further measures. */
    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("miou", matrix.meanIou());
        json.put("pixel_accuracy", matrix.pixelAccuracy());
        json.put("images", images);
        Map<String, Object> iou = new LinkedHashMap<>();
        for (int k = 0; k < classes.size(); k++) {
            iou.put(unique(k), matrix.iou(k));
        }
        json.put("iou", iou);
        json.put("miou_present_classes", matrix.meanIouOfPresent());
        json.put("mean_accuracy", matrix.meanAccuracy());
        json.put("boundary_f1", number(boundary.mean()));
        Map<String, Object> outlines = new LinkedHashMap<>();
        for (int k = 0; k < classes.size(); k++) {
            outlines.put(unique(k), number(boundary.f1(k)));
        }
        json.put("boundary_f1_of_classes", outlines);
        json.put("pixels", matrix.total());
        json.put("pixels_without_class", matrix.noClass());
        json.put("absent", absent());
        json.put("seconds", seconds);
        return json;
    }

    /** One line per class: index, name, iou, intersection, union and true pixels; the last line holds the means. */
    public String csv() {
        StringBuilder s = new StringBuilder("index,class,iou,intersection,union,pixels\n");
        for (int k = 0; k < classes.size(); k++) {
            s.append(String.format(Locale.ROOT, "%d,%s,%.6f,%d,%d,%d%n", k, Csv.cell(classes.get(k)), matrix.iou(k),
                matrix.intersection(k), matrix.union(k), matrix.targets(k)));
        }
        s.append(String.format(Locale.ROOT, ",mean,%.6f,,,%d%n", matrix.meanIou(), matrix.total()));
        return s.toString().replace("\r\n", "\n");
    }

    /** Counts of pixels: a row for each true class, a column for each predicted one, a last column for values of no class. */
    public String confusionCsv() {
        StringBuilder s = new StringBuilder("true class");
        classes.forEach(c -> s.append(',').append(Csv.cell(c)));
        s.append(",no class\n");
        for (int t = 0; t < classes.size(); t++) {
            s.append(Csv.cell(classes.get(t)));
            for (int p = 0; p <= classes.size(); p++) {
                s.append(',').append(matrix.count(t, p));
            }
            s.append('\n');
        }
        return s.toString();
    }

    /** Classes that occur neither in truth nor prediction. */
    public List<String> absent() {
        return IntStream.range(0, classes.size()).filter(k -> matrix.union(k) == 0).mapToObj(classes::get).toList();
    }

    /** A table for people. Classes that occur neither in truth nor prediction are marked; they count as 0 in the mean. */
    public String table() {
        int width = Math.max(12, classes.stream().mapToInt(String::length).max().orElse(0));
        StringBuilder s = new StringBuilder();
        for (int k = 0; k < classes.size(); k++) {
            s.append(String.format(Locale.ROOT, "%3d  %-" + width + "s  %6.2f%s\n", k, classes.get(k), 100 * matrix.iou(k),
                matrix.union(k) == 0 ? "  (absent, counts as 0)" : ""));
        }
        s.append(String.format(Locale.ROOT, "     %-" + width + "s  %6.2f\n", "mIoU", 100 * matrix.meanIou()));
        s.append(String.format(Locale.ROOT, "     %-" + width + "s  %6.2f\n", "mean accuracy", 100 * matrix.meanAccuracy()));
        s.append(String.format(Locale.ROOT, "     %-" + width + "s  %6.2f\n", "pixel accuracy", 100 * matrix.pixelAccuracy()));
        if (!Double.isNaN(boundary.mean())) {
            s.append(String.format(Locale.ROOT, "     %-" + width + "s  %6.2f\n", "boundary F1", 100 * boundary.mean()));
        }
        if (matrix.noClass() > 0) {
            s.append(String.format(Locale.ROOT, "     %d predicted pixels (%.2f %%) have a value that is no class; they count as wrong\n",
                matrix.noClass(), 100.0 * matrix.noClass() / matrix.total()));
        }
        s.append(String.format(Locale.ROOT, "     %d images, %.1f s\n", images, seconds));
        return s.toString();
    }

    /** Null where nothing could be measured: JSON has no NaN. */
    private static Double number(double value) {
        return Double.isNaN(value) ? null : value;
    }

    /** Class names are keys of the document; a name that occurs twice gets its index. */
    private String unique(int k) {
        String name = classes.get(k);
        return classes.indexOf(name) == k ? name : name + " #" + k;
    }
}
