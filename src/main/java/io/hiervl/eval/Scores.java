package io.hiervl.eval;

import io.hiervl.Content;
import io.hiervl.image.LabelMap;

/**
 * Scores of all classes at every pixel. The array is not copied.
 *
 * @param values classes * height * width, class by class, rows from top to bottom
 */
public record Scores(float[] values, int classes, int height, int width) {
    public Scores {
        if (classes < 1 || classes > 255 || values.length != (long) classes * height * width) {
            throw new IllegalArgumentException(values.length + " scores for " + classes + " classes (1 to 255) of " + height + "x" + width + " pixels");
        }
    }

    /**
     * The best class of every pixel after bilinear resizing of the scores (PyTorch's interpolate, align_corners False);
     * the lowest index wins ties.
     */
    public Segmentation segment(int toHeight, int toWidth) {
        int pixels = Math.multiplyExact(toHeight, toWidth);
        byte[] labels = new byte[pixels];
        float[] best = new float[pixels];
        Axis rows = Axis.of(height, toHeight);
        Axis columns = Axis.of(width, toWidth);
        boolean same = height == toHeight && width == toWidth;
        float[] row = new float[toWidth];
        for (int k = 0; k < classes; k++) {
            for (int y = 0; y < toHeight; y++) {
                if (same) {
                    System.arraycopy(values, (k * height + y) * width, row, 0, width);
                } else {
                    blend(k, y, rows, columns, row);
                }
                int at = y * toWidth;
                for (int x = 0; x < toWidth; x++, at++) {
                    if (k == 0 || row[x] > best[at]) {
                        best[at] = row[x];
                        labels[at] = (byte) k;
                    }
                }
            }
        }
        return new Segmentation(new LabelMap(labels, toWidth, toHeight), best);
    }

    private void blend(int k, int y, Axis rows, Axis columns, float[] out) {
        int upper = (k * height + rows.low[y]) * width;
        int lower = (k * height + rows.high[y]) * width;
        float v = rows.weight[y];
        for (int x = 0; x < out.length; x++) {
            int left = columns.low[x];
            int right = columns.high[x];
            float u = columns.weight[x];
            float top = values[upper + left] * (1 - u) + values[upper + right] * u;
            float bottom = values[lower + left] * (1 - u) + values[lower + right] * u;
            out[x] = top * (1 - v) + bottom * v;
        }
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

    @Override
    public boolean equals(Object other) {
        return Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return Content.hash(this);
    }

    @Override
    public String toString() {
        return Content.text(this);
    }
}
