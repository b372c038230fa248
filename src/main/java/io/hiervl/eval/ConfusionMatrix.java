package io.hiervl.eval;

import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import io.hiervl.image.LabelMap;
import java.io.Serializable;

/**
 * Counts of (true class, predicted class) over a data set and the measures made of them (docs/paper.md 9.6). True pixels of
 * the ignore value do not count. A predicted value that is no class (index maps of other programs) counts as wrong: it
 * belongs to the union of the true class. Not safe for use from several threads; {@link #add(ConfusionMatrix)} merges.
 */
@PublicApi
public final class ConfusionMatrix implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int classes;
    private final int ignore;
    // one row per true class; the last column holds predictions that are no class
    private final long[] counts;

    /** @param ignore true value that does not count, 255 by convention */
    public ConfusionMatrix(int classes, int ignore) {
        if (classes < 1) {
            throw new IllegalArgumentException("a confusion matrix needs at least one class, got " + classes);
        }
        this.classes = classes;
        this.ignore = ignore;
        this.counts = new long[Math.multiplyExact(classes, classes + 1)];
    }

    public ConfusionMatrix(int classes) {
        this(classes, LabelMap.IGNORE);
    }

    public int classes() {
        return classes;
    }

    /**
     * Counts one image.
     *
     * @param name how messages call it
     * @throws HierVlException data error: different sizes, or a true value that is neither a class nor ignored
     */
    public void add(String name, LabelMap predicted, LabelMap truth) {
        if (predicted.width() != truth.width() || predicted.height() != truth.height()) {
            throw HierVlException.data(name + ": the prediction is " + predicted.width() + "x" + predicted.height()
                + " pixels, its label map " + truth.width() + "x" + truth.height());
        }
        byte[] p = predicted.values();
        byte[] t = truth.values();
        for (int i = 0; i < t.length; i++) {
            int target = t[i] & 255;
            if (target == ignore) {
                continue;
            }
            if (target >= classes) {
                throw HierVlException
                    .data(name + ": pixel (" + i % truth.width() + ", " + i / truth.width() + ") of the label map has the value "
                        + target + "; expected 0 to " + (classes - 1) + " or " + ignore);
            }
            counts[target * (classes + 1) + Math.min(p[i] & 255, classes)]++;
        }
    }

    /** The same counts, to go on from. */
    public ConfusionMatrix copy() {
        ConfusionMatrix copy = new ConfusionMatrix(classes, ignore);
        copy.add(this);
        return copy;
    }

    /** Adds the counts of another matrix of the same classes. */
    public void add(ConfusionMatrix other) {
        if (other.classes != classes) {
            throw new IllegalArgumentException("matrices of " + classes + " and " + other.classes + " classes");
        }
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
    }

    /** Pixels of the true class {@code target} that were predicted as {@code predicted}; {@code classes()} stands for no class. */
    public long count(int target, int predicted) {
        return counts[target * (classes + 1) + predicted];
    }

    /** Counted pixels whose predicted value is no class. */
    public long noClass() {
        long sum = 0;
        for (int t = 0; t < classes; t++) {
            sum += count(t, classes);
        }
        return sum;
    }

    /** Counted pixels of a true class. */
    public long targets(int k) {
        long sum = 0;
        for (int j = 0; j <= classes; j++) {
            sum += counts[k * (classes + 1) + j];
        }
        return sum;
    }

    public long intersection(int k) {
        return count(k, k);
    }

    public long union(int k) {
        long predicted = 0;
        for (int t = 0; t < classes; t++) {
            predicted += count(t, k);
        }
        return targets(k) + predicted - intersection(k);
    }

    /** Intersection over union, 0 for a class that occurs neither in truth nor prediction. */
    public double iou(int k) {
        return intersection(k) / (union(k) + 1e-10);
    }

    /** Mean over all classes, absent ones counting 0: the convention of the published numbers. */
    public double meanIou() {
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            sum += iou(k);
        }
        return sum / classes;
    }

    /** Mean over the classes that occur in truth or prediction, 0 if there is none. */
    public double meanIouOfPresent() {
        double sum = 0;
        int present = 0;
        for (int k = 0; k < classes; k++) {
            if (union(k) > 0) {
                sum += (double) intersection(k) / union(k);
                present++;
            }
        }
        return present == 0 ? 0 : sum / present;
    }

    /** Counted pixels. */
    public long total() {
        long sum = 0;
        for (long c : counts) {
            sum += c;
        }
        return sum;
    }

    /** Correct share of the counted pixels, 0 if there is none. */
    public double pixelAccuracy() {
        long correct = 0;
        for (int k = 0; k < classes; k++) {
            correct += intersection(k);
        }
        return total() == 0 ? 0 : (double) correct / total();
    }

    /** Mean of the correct shares of the classes that occur in the truth. */
    public double meanAccuracy() {
        double sum = 0;
        int present = 0;
        for (int k = 0; k < classes; k++) {
            long n = targets(k);
            if (n > 0) {
                sum += (double) intersection(k) / n;
                present++;
            }
        }
        return present == 0 ? 0 : sum / present;
    }
}
