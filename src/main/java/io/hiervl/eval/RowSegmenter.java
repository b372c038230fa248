package io.hiervl.eval;

import io.hiervl.image.LabelMap;

/**
 * Makes classes of rows of scores as they come: bilinear resizing of the scores (PyTorch's interpolate, align_corners False),
 * then the best class of every pixel; the lowest index wins ties. It keeps two rows, whatever the size of the image.
 */
final class RowSegmenter implements RowSink {
    private final int classes;
    private final int width;
    private final int toHeight;
    private final int toWidth;
    private final boolean same;
    private final Axis rows;
    private final Axis columns;
    private final byte[] labels;
    private final float[] best;
    private final float[] line;
    /** All scores, class by class; null where only the best are wanted. */
    private final float[] all;
    private float[] upper;
    private float[] lower;
    private int next;

    RowSegmenter(int classes, int height, int width, int toHeight, int toWidth) {
        this(classes, height, width, toHeight, toWidth, false);
    }

    /** @param keepAll whether {@link #all} is wanted */
    RowSegmenter(int classes, int height, int width, int toHeight, int toWidth, boolean keepAll) {
        this.classes = classes;
        this.width = width;
        this.toHeight = toHeight;
        this.toWidth = toWidth;
        this.same = height == toHeight && width == toWidth;
        this.rows = Axis.of(height, toHeight);
        this.columns = Axis.of(width, toWidth);
        int pixels = Math.multiplyExact(toHeight, toWidth);
        this.labels = new byte[pixels];
        this.best = new float[pixels];
        this.all = keepAll ? new float[Math.multiplyExact(classes, pixels)] : null;
        this.line = new float[same ? 0 : toWidth];
        this.upper = new float[same ? 0 : classes * width];
        this.lower = upper.clone();
    }

    @Override
    public void row(int y, float[] values, int at, int stride) {
        if (same) {
            for (int k = 0; k < classes; k++) {
                choose(k, y, values, at + k * stride);
            }
            return;
        }
        float[] free = upper;
        upper = lower;
        lower = free;
        for (int k = 0; k < classes; k++) {
            System.arraycopy(values, at + k * stride, lower, k * width, width);
        }
        for (; next < toHeight && rows.high[next] <= y; next++) {
            float[] top = rows.low[next] == y ? lower : upper;
            for (int k = 0; k < classes; k++) {
                blend(top, k * width, rows.weight[next]);
                choose(k, next, line, 0);
            }
        }
    }

    private void choose(int k, int y, float[] row, int from) {
        int at = y * toWidth;
        if (all != null) {
            System.arraycopy(row, from, all, k * best.length + at, toWidth);
        }
        for (int x = 0; x < toWidth; x++, at++) {
            if (k == 0 || row[from + x] > best[at]) {
                best[at] = row[from + x];
                labels[at] = (byte) k;
            }
        }
    }

    private void blend(float[] above, int from, float v) {
        for (int x = 0; x < toWidth; x++) {
            int left = from + columns.low[x];
            int right = from + columns.high[x];
            float u = columns.weight[x];
            float top = above[left] * (1 - u) + above[right] * u;
            float bottom = lower[left] * (1 - u) + lower[right] * u;
            line[x] = top * (1 - v) + bottom * v;
        }
    }

    /** The classes, once all rows have come. */
    Segmentation result() {
        return new Segmentation(new LabelMap(labels, toWidth, toHeight), best);
    }

    /** All scores, once all rows have come. */
    Scores all() {
        return new Scores(all, classes, toHeight, toWidth);
    }

    /** Neighbours of each output position along one axis and the weight of the second one. */
    private record Axis(int[] low, int[] high, float[] weight) {
        static Axis of(int in, int out) {
            Axis axis = new Axis(new int[out], new int[out], new float[out]);
            float scale = (float) in / out;
            for (int i = 0; i < out; i++) {
                float source = Math.max(0, (i + 0.5f) * scale - 0.5f);
                int low = Math.min((int) source, in - 1);
                axis.low[i] = low;
                axis.high[i] = Math.min(low + 1, in - 1);
                axis.weight[i] = source - low;
            }
            return axis;
        }
    }
}
