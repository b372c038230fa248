package io.hiervl.eval;

import io.hiervl.PublicApi;
import io.hiervl.image.LabelMap;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * How well the outlines of classes are found: the boundary F1 of Csurka et al. 2013 ("What is a good evaluation measure for semantic
 * segmentation?"), counted over a whole list. A pixel is on the boundary of its class if one of its four neighbours has another class. It
 * is found if the other map has a boundary pixel of the class within 0.75 % of the image's diagonal. Pixels without a true label neither
 * count nor make a boundary. Not safe for use from several threads; {@link #add(BoundaryScore)} merges.
 */
@PublicApi
public final class BoundaryScore implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final double TOLERANCE = 0.0075;

    private final int classes;
    private final int ignore;
    private final long[] predicted;
    private final long[] right;
    private final long[] truth;
    private final long[] found;

    /** @param ignore true value that does not count */
    public BoundaryScore(int classes, int ignore) {
        this.classes = classes;
        this.ignore = ignore;
        this.predicted = new long[classes];
        this.right = new long[classes];
        this.truth = new long[classes];
        this.found = new long[classes];
    }

    /** Counts one image; both maps have one size. */
    public void add(LabelMap prediction, LabelMap labels) {
        int[] seen = classes(prediction, labels);
        int[] real = classes(labels, labels);
        boolean[] edgeSeen = boundary(seen, labels.width());
        boolean[] edgeReal = boundary(real, labels.width());
        int[][] disc = disc(TOLERANCE * Math.hypot(labels.width(), labels.height()));
        count(seen, edgeSeen, real, edgeReal, labels.width(), disc, predicted, right);
        count(real, edgeReal, seen, edgeSeen, labels.width(), disc, truth, found);
    }

    /** The same counts, to go on from. */
    public BoundaryScore copy() {
        BoundaryScore copy = new BoundaryScore(classes, ignore);
        copy.add(this);
        return copy;
    }

    /** Adds the counts of another score of the same classes. */
    public void add(BoundaryScore other) {
        for (int k = 0; k < classes; k++) {
            predicted[k] += other.predicted[k];
            right[k] += other.right[k];
            truth[k] += other.truth[k];
            found[k] += other.found[k];
        }
    }

    /** F1 of a class in 0 to 1; NaN if it has no true boundary. */
    public double f1(int k) {
        if (truth[k] == 0) {
            return Double.NaN;
        }
        double precision = predicted[k] == 0 ? 0 : (double) right[k] / predicted[k];
        double recall = (double) found[k] / truth[k];
        return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
    }

    /** Mean over the classes with a true boundary; NaN if there is none. */
    public double mean() {
        double sum = 0;
        int n = 0;
        for (int k = 0; k < classes; k++) {
            if (truth[k] > 0) {
                sum += f1(k);
                n++;
            }
        }
        return n == 0 ? Double.NaN : sum / n;
    }

    /** Class of each pixel; -1 where there is no true label, {@code classes} for values of no class. */
    private int[] classes(LabelMap map, LabelMap labels) {
        int[] of = new int[map.values().length];
        for (int i = 0; i < of.length; i++) {
            of[i] = (labels.values()[i] & 255) == ignore ? -1 : Math.min(map.values()[i] & 255, classes);
        }
        return of;
    }

    private boolean[] boundary(int[] of, int width) {
        boolean[] is = new boolean[of.length];
        for (int i = 0; i < of.length; i++) {
            mark(is, of, i, i % width + 1 < width ? i + 1 : i);
            mark(is, of, i, i + width < of.length ? i + width : i);
        }
        return is;
    }

    private static void mark(boolean[] is, int[] of, int a, int b) {
        if (of[a] != of[b] && of[a] >= 0 && of[b] >= 0) {
            is[a] = true;
            is[b] = true;
        }
    }

    private void count(int[] of, boolean[] outline, int[] others, boolean[] otherOutline, int width, int[][] disc, long[] all,
                       long[] hits) {
        int height = of.length / width;
        for (int i = 0; i < of.length; i++) {
            if (!outline[i] || of[i] == classes) {
                continue;
            }
            all[of[i]]++;
            for (int[] d : disc) {
                int x = i % width + d[0];
                int y = i / width + d[1];
                int j = y * width + x;
                if (x >= 0 && x < width && y >= 0 && y < height && otherOutline[j] && others[j] == of[i]) {
                    hits[of[i]]++;
                    break;
                }
            }
        }
    }

    /** Offsets within a radius, the nearest first. */
    private static int[][] disc(double radius) {
        int r = (int) radius;
        List<int[]> offsets = new ArrayList<>();
        for (int y = -r; y <= r; y++) {
            for (int x = -r; x <= r; x++) {
                if (x * x + y * y <= radius * radius) {
                    offsets.add(new int[] {x, y});
                }
            }
        }
        offsets.sort(Comparator.comparingInt(d -> d[0] * d[0] + d[1] * d[1]));
        return offsets.toArray(int[][]::new);
    }
}
