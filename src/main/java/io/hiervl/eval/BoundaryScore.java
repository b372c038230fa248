package io.hiervl.eval;

import io.hiervl.PublicApi;
import io.hiervl.image.LabelMap;
import java.io.Serializable;

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
        double radius = TOLERANCE * Math.hypot(labels.width(), labels.height());
        for (int k = 0; k < classes; k++) {
            Outline own = new Outline(seen, edgeSeen, k, labels.width());
            Outline other = new Outline(real, edgeReal, k, labels.width());
            predicted[k] += own.pixels();
            truth[k] += other.pixels();
            right[k] += own.near(other, radius);
            found[k] += other.near(own, radius);
        }
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

    /** Boundary pixels of one class, counted along the rows: how many lie in a stretch of a row is one subtraction. */
    private static final class Outline {
        private final int width;
        private final int height;
        /** Boundary pixels before each place of the map. */
        private final int[] before;

        Outline(int[] of, boolean[] edge, int k, int width) {
            this.width = width;
            this.height = of.length / width;
            this.before = new int[of.length + 1];
            for (int i = 0; i < of.length; i++) {
                before[i + 1] = before[i] + (edge[i] && of[i] == k ? 1 : 0);
            }
        }

        int pixels() {
            return before[before.length - 1];
        }

        /** How many pixels have one of another outline within a radius. */
        int near(Outline other, double radius) {
            if (pixels() == 0 || other.pixels() == 0) {
                return 0;
            }
            int rows = (int) radius;
            int[] reach = new int[rows + 1];
            for (int d = 0; d <= rows; d++) {
                reach[d] = (int) Math.sqrt(radius * radius - d * d);
            }
            int near = 0;
            for (int i = 0; i < before.length - 1; i++) {
                near += before[i + 1] > before[i] && other.within(i % width, i / width, reach) ? 1 : 0;
            }
            return near;
        }

        /** @param reach of a disc to each side, by the distance of the row from its centre */
        private boolean within(int x, int y, int[] reach) {
            for (int d = 0; d < reach.length; d++) {
                if (inRow(y - d, x - reach[d], x + reach[d]) || inRow(y + d, x - reach[d], x + reach[d])) {
                    return true;
                }
            }
            return false;
        }

        private boolean inRow(int y, int from, int to) {
            return y >= 0 && y < height && before[y * width + Math.min(width - 1, to) + 1] > before[y * width + Math.max(0, from)];
        }
    }
}
