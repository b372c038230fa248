package io.hiervl.eval;

import java.util.Arrays;

/**
 * Adds up the scores of an image's windows, which come row by row, and hands on every row of pixels as soon as no later window
 * can reach it. Only the rows that one row of windows covers are kept, so that memory does not grow with the image's height.
 */
final class ScoreBand {
    private final SlidingWindow rule;
    private final int classes;
    private final int height;
    private final int width;
    private final int capacity;
    private final float[] sums;
    private final float[] rowWeights;
    private final float[] columnWeights;
    private final float[] line;
    private final RowSink sink;
    private int done;

    ScoreBand(SlidingWindow rule, int classes, int height, int width, RowSink sink) {
        this.rule = rule;
        this.classes = classes;
        this.height = height;
        this.width = width;
        this.capacity = rule.bandRows(height);
        this.sums = new float[Math.multiplyExact(Math.multiplyExact(classes, capacity), width)];
        this.rowWeights = rule.sums(height);
        this.columnWeights = rule.sums(width);
        this.line = new float[classes * width];
        this.sink = sink;
    }

    /**
     * Adds one window; windows come in the order of {@link SlidingWindow#windows}.
     *
     * @param scores K * h * w values from {@code from} on
     */
    void add(SlidingWindow.Window win, float[] scores, int from, int h, int w) {
        release(win.y());
        float[] down = rule.weights(win.height());
        float[] across = rule.weights(win.width());
        int n = Math.min(win.width(), width - win.x());
        for (int y = 0; y < Math.min(win.height(), height - win.y()); y++) {
            int slot = (win.y() + y) % capacity * classes * width + win.x();
            for (int k = 0; k < classes; k++) {
                add(scores, from + (k * h + y) * w, slot + k * width, n, down == null ? null : across, down == null ? 1 : down[y]);
            }
        }
    }

    private void add(float[] scores, int from, int to, int n, float[] across, float down) {
        if (across == null) {
            for (int x = 0; x < n; x++) {
                sums[to + x] += scores[from + x];
            }
        } else {
            for (int x = 0; x < n; x++) {
                sums[to + x] += scores[from + x] * (down * across[x]);
            }
        }
    }

    /** Hands on all that is left, once the last window was added. */
    void finish() {
        release(height);
    }

    private void release(int end) {
        for (; done < end; done++) {
            int slot = done % capacity * classes * width;
            for (int k = 0; k < classes; k++) {
                for (int x = 0; x < width; x++) {
                    line[k * width + x] = sums[slot + k * width + x] / (rowWeights[done] * columnWeights[x]);
                }
            }
            Arrays.fill(sums, slot, slot + classes * width, 0);
            sink.row(done, line, 0, width);
        }
    }
}
