package io.hiervl.image;

/**
 * Resizing with Pillow's integer arithmetic (Pillow, libImaging/Resample.c and Geometry.c), so that augmentation gives
 * the same bytes: a filter widened by the scale when shrinking (antialias), 22-bit weights and 8-bit rounding between the
 * passes. The horizontal pass comes first unless the height shrinks by more than twice as many pixels as the width, as in
 * Pillow 13; older ones always start with it, which for such shapes differs where the first pass clips (bicubic) or rounds.
 *
 * <p>Every method computes only a window of the resized picture: {@code resize to (width, height), then crop}, at the
 * cost of the crop. Nothing outside the window is touched, and the result equals the crop of the whole.
 */
public final class PilResize {
    private static final int PRECISION = 32 - 8 - 2;

    private PilResize() {
    }

    /** Filters of Pillow by its names. */
    public enum Filter {
        BILINEAR(1) {
            @Override
            double weight(double x) {
                return Math.max(0, 1 - Math.abs(x));
            }
        },
        BICUBIC(2) {
            @Override
            double weight(double x) {
                double a = -0.5;
                double t = Math.abs(x);
                if (t < 1) {
                    return ((a + 2) * t - (a + 3)) * t * t + 1;
                }
                return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
            }
        };

        private final double support;

        Filter(double support) {
            this.support = support;
        }

        abstract double weight(double x);
    }

    public static Photo resize(Photo in, int width, int height, Filter filter) {
        return resize(in, width, height, filter, new Window(0, 0, width, height));
    }

    /** The window of the photo resized to width x height. The window must lie inside it. */
    public static Photo resize(Photo in, int width, int height, Filter filter, Window window) {
        if (width == in.width() && height == in.height()) {
            return in.window(window.left(), window.top(), window.width(), window.height());
        }
        Taps across = new Taps(in.width(), width, window.left(), window.width(), filter);
        Taps down = new Taps(in.height(), height, window.top(), window.height(), filter);
        if (verticalFirst(in, width, height)) {
            int left = across.first[0];
            int columns = across.end() - left;
            byte[] middle = vertical(in.window(left, 0, columns, in.height()).rgb(), columns, down, 0);
            return new Photo(horizontal(middle, columns, across, left, 0, window.height()), window.width(), window.height());
        }
        int top = down.first[0];
        byte[] middle = horizontal(in.rgb(), in.width(), across, 0, top, down.end());
        return new Photo(vertical(middle, window.width(), down, top), window.width(), window.height());
    }

    private static boolean verticalFirst(Photo in, int width, int height) {
        int less = in.height() - height;
        return less > 0 && less > 2 * (in.width() - width);
    }

    /** Rows of pixels, of which the first column is {@code left} of the photo, filtered along x. */
    private static byte[] horizontal(byte[] src, int columns, Taps taps, int left, int firstRow, int lastRow) {
        int width = taps.first.length;
        byte[] out = new byte[3 * width * (lastRow - firstRow)];
        int o = 0;
        for (int y = firstRow; y < lastRow; y++) {
            for (int x = 0; x < width; x++) {
                int r = 1 << PRECISION - 1;
                int g = r;
                int b = r;
                int i = 3 * (y * columns + taps.first[x] - left);
                for (int k = x * taps.size, end = k + taps.count[x]; k < end; k++, i += 3) {
                    int w = taps.weights[k];
                    r += w * (src[i] & 255);
                    g += w * (src[i + 1] & 255);
                    b += w * (src[i + 2] & 255);
                }
                out[o++] = clip(r);
                out[o++] = clip(g);
                out[o++] = clip(b);
            }
        }
        return out;
    }

    /** Rows of pixels, of which the first is row {@code top} of the photo, filtered along y. */
    private static byte[] vertical(byte[] src, int width, Taps taps, int top) {
        int row = 3 * width;
        int height = taps.first.length;
        byte[] out = new byte[row * height];
        int[] sum = new int[row];
        for (int y = 0; y < height; y++) {
            java.util.Arrays.fill(sum, 1 << PRECISION - 1);
            for (int k = 0; k < taps.count[y]; k++) {
                int w = taps.weights[y * taps.size + k];
                int from = (taps.first[y] + k - top) * row;
                for (int i = 0; i < row; i++) {
                    sum[i] += w * (src[from + i] & 255);
                }
            }
            for (int i = 0; i < row; i++) {
                out[y * row + i] = clip(sum[i]);
            }
        }
        return out;
    }

    private static byte clip(int sum) {
        int v = sum >> PRECISION;
        return (byte) (v < 0 ? 0 : Math.min(v, 255));
    }

    public static LabelMap nearest(LabelMap in, int width, int height) {
        return nearest(in, width, height, new Window(0, 0, width, height));
    }

    /** The window of the map resized to width x height by nearest neighbour: no value that was not there. */
    public static LabelMap nearest(LabelMap in, int width, int height, Window window) {
        int[] across = sources(in.width(), width);
        int[] down = sources(in.height(), height);
        byte[] out = new byte[window.width() * window.height()];
        for (int y = 0, o = 0; y < window.height(); y++) {
            int row = down[window.top() + y] * in.width();
            for (int x = 0; x < window.width(); x++) {
                out[o++] = in.values()[row + across[window.left() + x]];
            }
        }
        return new LabelMap(out, window.width(), window.height());
    }

    /** Pillow adds the step up in double instead of multiplying, which decides exact ties. */
    private static int[] sources(int in, int out) {
        int[] index = new int[out];
        double step = (double) in / out;
        double x = step * 0.5;
        for (int i = 0; i < out; i++, x += step) {
            index[i] = Math.min((int) x, in - 1);
        }
        return index;
    }

    /** Which source positions a target position sums, and their fixed-point weights. */
    private static final class Taps {
        final int[] first;
        final int[] count;
        final int[] weights;
        final int size;

        Taps(int in, int out, int from, int length, Filter filter) {
            double scale = (double) in / out;
            double stretch = Math.max(scale, 1);
            double support = filter.support * stretch;
            size = (int) Math.ceil(support) * 2 + 1;
            first = new int[length];
            count = new int[length];
            weights = new int[length * size];
            double[] w = new double[size];
            for (int i = 0; i < length; i++) {
                double centre = (from + i + 0.5) * scale;
                int lo = Math.max(0, (int) (centre - support + 0.5));
                int n = Math.min(in, (int) (centre + support + 0.5)) - lo;
                double total = 0;
                for (int k = 0; k < n; k++) {
                    w[k] = filter.weight((k + lo - centre + 0.5) * (1 / stretch));
                    total += w[k];
                }
                first[i] = lo;
                count[i] = n;
                for (int k = 0; k < n; k++) {
                    double v = (total != 0 ? w[k] / total : w[k]) * (1 << PRECISION);
                    weights[i * size + k] = (int) (v < 0 ? v - 0.5 : v + 0.5);
                }
            }
        }

        /** One past the last source position that is used. */
        int end() {
            return first[first.length - 1] + count[count.length - 1];
        }
    }

    /** A rectangle of pixels. */
    public record Window(int left, int top, int width, int height) {
    }
}
