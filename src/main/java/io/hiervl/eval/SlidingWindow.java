package io.hiervl.eval;

import io.hiervl.Progress;
import io.hiervl.config.EvalConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * Segments an image of any size with windows of a fixed one (docs/paper.md 9.6): scores are summed, divided by the number or
 * weight of the windows over each pixel, and cut to the image. Images smaller than the window are padded right and below with 0, the
 * mean colour after normalisation.
 *
 * <ul>
 *   <li>CLAMPED: the last window of a row or column is moved back inside, so that all are full;</li>
 *   <li>BLENDED: the same windows, whose scores count most in their middle and fade out towards their edges;</li>
 *   <li>TRUNCATED: windows start at every multiple of the stride and are cut at the border (UniMatch v1);</li>
 *   <li>WHOLE: one window, the image.</li>
 * </ul>
 *
 * @param crop   side of a window
 * @param stride step between windows; crop / 2 in the paper
 */
public record SlidingWindow(EvalConfig.Window rule, int crop, int stride) {
    /** A window in pixels of the padded image. */
    record Window(int y, int x, int height, int width) {
    }

    public SlidingWindow {
        if (crop < 1 || stride < 1 || stride > crop) {
            throw new IllegalArgumentException("crop " + crop + " and stride " + stride + " leave pixels without a window");
        }
    }

    /** Clamped windows with 50 % overlap. */
    static SlidingWindow half(int crop) {
        return new SlidingWindow(EvalConfig.Window.CLAMPED, crop, Math.max(1, crop / 2));
    }

    /** The rule of a configuration. */
    public static SlidingWindow of(EvalConfig config) {
        return new SlidingWindow(config.window(), config.crop(), config.stride());
    }

    /** Height or width to which an image of this height or width is padded. */
    int padded(int size) {
        return full() ? Math.max(size, crop) : size;
    }

    private boolean full() {
        return rule == EvalConfig.Window.CLAMPED || rule == EvalConfig.Window.BLENDED;
    }

    /** The windows of an image, row by row. */
    List<Window> windows(int height, int width) {
        List<Window> windows = new ArrayList<>();
        for (int y : starts(height)) {
            for (int x : starts(width)) {
                windows.add(switch (rule) {
                    case CLAMPED, BLENDED -> new Window(y, x, crop, crop);
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
            case CLAMPED, BLENDED -> (last + stride - 1) / stride + 1;
            case TRUNCATED -> (size + stride - 1) / stride;
            case WHOLE -> 1;
        };
        int[] starts = new int[n];
        for (int i = 0; i < n; i++) {
            starts[i] = full() ? Math.min(i * stride, last) : i * stride;
        }
        return starts;
    }

    /** How many windows cover each pixel of the padded image. */
    int[] counts(int height, int width) {
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

    /** Rows of pixels that one row of windows covers. */
    int bandRows(int height) {
        return rule == EvalConfig.Window.WHOLE ? height : Math.min(height, crop);
    }

    /**
     * Weights of a window's scores along one side, or null if all are 1. A pixel's weight is the product of both sides. Blended
     * windows have half a sine wave, squared: 0.5 + 0.5 cos. With half-overlapping windows the weights sum up to 1 everywhere.
     */
    float[] weights(int size) {
        if (rule != EvalConfig.Window.BLENDED) {
            return null;
        }
        float[] weights = new float[size];
        for (int i = 0; i < size; i++) {
            double sine = Math.sin(Math.PI * (i + 0.5) / size);
            // corners of the image have one window only: the product of two weights must not vanish
            weights[i] = (float) Math.max(1e-3, sine * sine);
        }
        return weights;
    }

    /** Sums of the weights over the windows along one side of an image; windows form a grid, so a pixel's sum is a product. */
    float[] sums(int size) {
        float[] sums = new float[size];
        for (int start : starts(size)) {
            int length = switch (rule) {
                case CLAMPED, BLENDED -> crop;
                case TRUNCATED -> Math.min(crop, size - start);
                case WHOLE -> size;
            };
            float[] weights = weights(length);
            for (int i = 0; i < Math.min(length, size - start); i++) {
                sums[start + i] += weights == null ? 1 : weights[i];
            }
        }
        return sums;
    }

    /**
     * Scores of an image.
     *
     * @param chw normalised planes, 3 * height * width
     */
    public Scores score(WindowModel model, float[] chw, int height, int width) {
        int k = model.classes();
        float[] values = new float[Math.multiplyExact(k, Math.multiplyExact(height, width))];
        RowSink copy = (y, row, at, stride) -> {
            for (int c = 0; c < k; c++) {
                System.arraycopy(row, at + c * stride, values, (c * height + y) * width, width);
            }
        };
        new WindowPass(model, List.of(new WindowTask(this, k, height, width, WindowTask.of(chw, height, width), copy))).run(Progress.NONE);
        return new Scores(values, k, height, width);
    }
}
