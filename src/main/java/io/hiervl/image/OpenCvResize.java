package io.hiervl.image;

/**
 * Resizing as mmcv's {@code imrescale} does it, to the last bit of OpenCV 4.5.5: two source pixels per axis whatever the scale (no
 * antialias when shrinking), labels from pixel floor(x * in / out). mmseg's Resize, and with it SemiVL on VOC and ADE20K, works this way;
 * UniMatch resizes with Pillow, see {@link PilResize}.
 */
public final class OpenCvResize {
    /** Weights have 11 bits. */
    private static final int ONE = 1 << 11;

    private OpenCvResize() {
    }

    /** INTER_LINEAR, 11-bit weights. Halves in both directions are means of four pixels, as in OpenCV. */
    public static Photo bilinear(Photo in, int width, int height) {
        if (width == in.width() && height == in.height()) {
            return in;
        }
        return in.width() == 2 * width && in.height() == 2 * height ? halved(in, width, height) : weighted(in, width, height);
    }

    private static Photo halved(Photo in, int width, int height) {
        byte[] out = new byte[3 * width * height];
        byte[] rgb = in.rgb();
        int stride = 3 * in.width();
        for (int y = 0, i = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int at = 2 * y * stride + 6 * x;
                for (int c = 0; c < 3; c++, i++, at++) {
                    out[i] =
                        (byte) ((rgb[at] & 255) + (rgb[at + 3] & 255) + (rgb[at + stride] & 255) + (rgb[at + stride + 3] & 255) + 2 >> 2);
                }
            }
        }
        return new Photo(out, width, height);
    }

    private static Photo weighted(Photo in, int width, int height) {
        Axis columns = Axis.of(in.width(), width, true);
        Axis rows = Axis.of(in.height(), height, false);
        byte[] out = new byte[3 * width * height];
        int[] upper = new int[3 * width];
        int[] lower = new int[3 * width];
        int upperRow = -1;
        int lowerRow = -1;
        for (int y = 0; y < height; y++) {
            int first = Math.max(0, rows.low[y]);
            int second = Math.min(in.height() - 1, rows.low[y] + 1);
            if (first == lowerRow && first != upperRow) {
                int[] free = upper;
                upper = lower;
                lower = free;
                upperRow = lowerRow;
                lowerRow = -1;
            }
            if (first != upperRow) {
                across(in, first, columns, upper);
                upperRow = first;
            }
            if (second != lowerRow) {
                across(in, second, columns, lower);
                lowerRow = second;
            }
            int a = rows.first[y];
            int b = rows.second[y];
            int at = 3 * y * width;
            for (int i = 0; i < upper.length; i++) {
                out[at + i] = (byte) ((a * (upper[i] >> 4) >> 16) + (b * (lower[i] >> 4) >> 16) + 2 >> 2);
            }
        }
        return new Photo(out, width, height);
    }

    /** One row of the source at the new width, 11 bits more. */
    private static void across(Photo in, int row, Axis columns, int[] out) {
        byte[] rgb = in.rgb();
        int start = 3 * row * in.width();
        int last = in.width() - 1;
        for (int x = 0, i = 0; x < columns.low.length; x++) {
            int left = start + 3 * columns.low[x];
            int right = start + 3 * Math.min(last, columns.low[x] + 1);
            for (int c = 0; c < 3; c++, i++) {
                out[i] = (rgb[left + c] & 255) * columns.first[x] + (rgb[right + c] & 255) * columns.second[x];
            }
        }
    }

    /**
     * The pixel at or before each place along an axis, and the weights of it and of the next one.
     *
     * @param low may be -1 where both weights count for pixel 0
     */
    private record Axis(int[] low, int[] first, int[] second) {
        /** @param clamped whether a place outside the picture takes the outermost pixel alone, as OpenCV does for columns */
        static Axis of(int in, int out, boolean clamped) {
            Axis axis = new Axis(new int[out], new int[out], new int[out]);
            double scale = 1 / ((double) out / in);
            for (int i = 0; i < out; i++) {
                float place = (float) ((i + 0.5) * scale - 0.5);
                int low = (int) Math.floor(place);
                float share = place - low;
                if (clamped && (low < 0 || low >= in - 1)) {
                    share = 0;
                    low = low < 0 ? 0 : in - 1;
                }
                axis.low[i] = low;
                axis.first[i] = (int) Math.rint((1f - share) * ONE);
                axis.second[i] = (int) Math.rint(share * ONE);
            }
            return axis;
        }
    }

    /** INTER_NEAREST: no value that was not there. */
    public static LabelMap nearest(LabelMap in, int width, int height) {
        if (width == in.width() && height == in.height()) {
            return in;
        }
        double across = 1 / ((double) width / in.width());
        double down = 1 / ((double) height / in.height());
        byte[] out = new byte[Math.multiplyExact(width, height)];
        for (int y = 0, i = 0; y < height; y++) {
            int row = Math.min((int) Math.floor(y * down), in.height() - 1) * in.width();
            for (int x = 0; x < width; x++, i++) {
                out[i] = in.values()[row + Math.min((int) Math.floor(x * across), in.width() - 1)];
            }
        }
        return new LabelMap(out, width, height);
    }
}
