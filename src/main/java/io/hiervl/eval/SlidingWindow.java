package io.hiervl.eval;

import io.hiervl.config.EvalConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * Segments an image of any size with windows of a fixed one (docs/paper.md 9.6): scores are summed, divided by the number of
 * windows over each pixel, and cut to the image. Images smaller than the window are padded right and below with 0, the
 * mean colour after normalisation.
 *
 * <ul>
 *   <li>CLAMPED: the last window of a row or column is moved back inside, so that all are full;</li>
 *   <li>TRUNCATED: windows start at every multiple of the stride and are cut at the border (UniMatch v1);</li>
 *   <li>WHOLE: one window, the image.</li>
 * </ul>
 *
 * @param crop   side of a window
 * @param stride step between windows; crop / 2 in the paper
 */
public record SlidingWindow(EvalConfig.Window rule, int crop, int stride) {
    /** A window in pixels of the padded image. */
    public record Window(int y, int x, int height, int width) {
    }

    public SlidingWindow {
        if (crop < 1 || stride < 1 || stride > crop) {
            throw new IllegalArgumentException("crop " + crop + " and stride " + stride + " leave pixels without a window");
        }
    }

    /** Clamped windows with 50 % overlap. */
    public static SlidingWindow half(int crop) {
        return new SlidingWindow(EvalConfig.Window.CLAMPED, crop, Math.max(1, crop / 2));
    }

    /** The rule of a configuration. */
    public static SlidingWindow of(EvalConfig config) {
        return new SlidingWindow(config.window(), config.crop(), config.stride());
    }

    /** Height or width to which an image of this height or width is padded. */
    public int padded(int size) {
        return rule == EvalConfig.Window.CLAMPED ? Math.max(size, crop) : size;
    }

    /** The windows of an image, row by row. */
    public List<Window> windows(int height, int width) {
        List<Window> windows = new ArrayList<>();
        for (int y : starts(height)) {
            for (int x : starts(width)) {
                windows.add(switch (rule) {
                    case CLAMPED -> new Window(y, x, crop, crop);
                    case TRUNCATED -> new Window(y, x, Math.min(crop, height - y), Math.min(crop, width - x));
                    case WHOLE -> new Window(0, 0, height, width);
                });
            }
        }
        return windows;
    }

    private int[] starts(int size) {
        int last = padded(size) - crop;
        int n = switch (rule) {
            case CLAMPED -> (last + stride - 1) / stride + 1;
            case TRUNCATED -> (size + stride - 1) / stride;
            case WHOLE -> 1;
        };
        int[] starts = new int[n];
        for (int i = 0; i < n; i++) {
            starts[i] = rule == EvalConfig.Window.CLAMPED ? Math.min(i * stride, last) : i * stride;
        }
        return starts;
    }

    /** How many windows cover each pixel of the padded image. */
    public int[] counts(int height, int width) {
        int w = padded(width);
        int[] counts = new int[padded(height) * w];
        for (Window win : windows(height, width)) {
            for (int y = win.y; y < win.y + win.height; y++) {
                for (int x = win.x; x < win.x + win.width; x++) {
                    counts[y * w + x]++;
                }
            }
        }
        return counts;
    }

    /**
     * Scores of an image.
     *
     * @param chw normalised planes, 3 * height * width
     */
    public Scores score(WindowModel model, float[] chw, int height, int width) {
        int k = model.classes();
        float[] sum = new float[Math.multiplyExact(k, Math.multiplyExact(height, width))];
        for (Window win : windows(height, width)) {
            int h = roundUp(win.height, model.sizeMultiple());
            int w = roundUp(win.width, model.sizeMultiple());
            float[] scores = model.scores(cut(chw, height, width, win, h, w), h, w);
            if (scores.length != (long) k * h * w) {
                throw new IllegalStateException("model gave " + scores.length + " scores for " + k + " classes of " + h + "x" + w);
            }
            for (int c = 0; c < k; c++) {
                for (int y = 0; y < Math.min(win.height, height - win.y); y++) {
                    int from = (c * h + y) * w;
                    int to = (c * height + win.y + y) * width + win.x;
                    int n = Math.min(win.width, width - win.x);
                    for (int x = 0; x < n; x++) {
                        sum[to + x] += scores[from + x];
                    }
                }
            }
        }
        divide(sum, k, height, width);
        return new Scores(sum, k, height, width);
    }

    private void divide(float[] sum, int k, int height, int width) {
        int[] counts = counts(height, width);
        int paddedWidth = padded(width);
        for (int c = 0; c < k; c++) {
            for (int y = 0; y < height; y++) {
                int at = (c * height + y) * width;
                for (int x = 0; x < width; x++) {
                    sum[at + x] /= counts[y * paddedWidth + x];
                }
            }
        }
    }

    private static float[] cut(float[] chw, int height, int width, Window win, int h, int w) {
        float[] out = new float[3 * h * w];
        int n = Math.min(win.width, width - win.x);
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < Math.min(win.height, height - win.y); y++) {
                System.arraycopy(chw, (c * height + win.y + y) * width + win.x, out, (c * h + y) * w, n);
            }
        }
        return out;
    }

    private static int roundUp(int size, int multiple) {
        return (size + multiple - 1) / multiple * multiple;
    }
}
