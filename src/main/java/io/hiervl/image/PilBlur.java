package io.hiervl.image;

/**
 * Pillow's GaussianBlur (libImaging/BoxBlur.c): three passes of a box whose border pixels count in part, along rows,
 * then along columns, with 8-bit rounding after every pass and the edge pixel repeated outside.
 *
 * <p>Weights are 24-bit fixed point; sums use all 32 bits of an int as unsigned. Columns are done a strip at a time, so
 * that the inner loop runs over neighbours in memory and the strip stays in the cache.
 */
public final class PilBlur {
    private static final int PASSES = 3;
    private static final int HALF = 1 << 23;
    /** Values of a row that one strip holds: with 512 rows two buffers of 128 KiB. */
    private static final int STRIP = 64;

    private PilBlur() {
    }

    /** Blurs with a Gaussian of the given standard deviation in pixels; 0 returns the photo itself. */
    public static Photo gaussian(Photo in, double radius) {
        if (radius <= 0) {
            return in;
        }
        Box box = Box.of(boxRadius((float) radius));
        byte[] data = in.rgb().clone();
        rows(data, in.width(), in.height(), box);
        columns(data, 3 * in.width(), in.height(), box);
        return new Photo(data, in.width(), in.height());
    }

    private static float boxRadius(float radius) {
        float variance = radius * radius / PASSES;
        float length = (float) Math.sqrt(12.0 * variance + 1.0);
        float l = (float) Math.floor((length - 1.0) / 2.0);
        float a = (2 * l + 1) * (l * (l + 1) - 3 * variance);
        a /= 6 * (variance - (l + 1) * (l + 1));
        return l + a;
    }

    /** A box of 2 r + 1 whole pixels and a part of the two outside them. */
    private record Box(int r, int whole, int part) {
        static Box of(float radius) {
            int r = (int) radius;
            int whole = (int) ((1 << 24) / (radius * 2 + 1));
            return new Box(r, whole, ((1 << 24) - (r * 2 + 1) * whole) / 2);
        }
    }

    private static void rows(byte[] data, int width, int height, Box box) {
        int[] line = new int[3 * width];
        int[] next = new int[3 * width];
        for (int y = 0; y < height; y++) {
            int start = 3 * y * width;
            for (int i = 0; i < line.length; i++) {
                line[i] = data[start + i] & 255;
            }
            int[] from = line;
            int[] to = next;
            for (int pass = 0; pass < PASSES; pass++) {
                row(from, to, width, box);
                int[] swap = from;
                from = to;
                to = swap;
            }
            for (int i = 0; i < from.length; i++) {
                data[start + i] = (byte) from[i];
            }
        }
    }

    /** One pass over interleaved red, green and blue. */
    private static void row(int[] in, int[] out, int n, Box box) {
        int last = 3 * (n - 1);
        int red = 0;
        int green = 0;
        int blue = 0;
        for (int i = -box.r - 1; i < box.r; i++) {
            int at = 3 * Math.max(0, Math.min(i, n - 1));
            red += in[at];
            green += in[at + 1];
            blue += in[at + 2];
        }
        int part = box.part;
        int whole = box.whole;
        for (int x = 0; x <= last; x += 3) {
            int left = Math.max(0, x - 3 * (box.r + 1));
            int right = Math.min(last, x + 3 * (box.r + 1));
            int enter = Math.min(last, x + 3 * box.r);
            red += in[enter] - in[left];
            green += in[enter + 1] - in[left + 1];
            blue += in[enter + 2] - in[left + 2];
            out[x] = red * whole + (in[left] + in[right]) * part + HALF >>> 24;
            out[x + 1] = green * whole + (in[left + 1] + in[right + 1]) * part + HALF >>> 24;
            out[x + 2] = blue * whole + (in[left + 2] + in[right + 2]) * part + HALF >>> 24;
        }
    }

    private static void columns(byte[] data, int stride, int height, Box box) {
        int[] a = new int[STRIP * height];
        int[] b = new int[STRIP * height];
        int[] sum = new int[STRIP];
        for (int x = 0; x < stride; x += STRIP) {
            int n = Math.min(STRIP, stride - x);
            for (int y = 0; y < height; y++) {
                for (int i = 0, from = y * stride + x, to = y * STRIP; i < n; i++) {
                    a[to + i] = data[from + i] & 255;
                }
            }
            int[] from = a;
            int[] to = b;
            for (int pass = 0; pass < PASSES; pass++) {
                strip(from, to, sum, height, box);
                int[] swap = from;
                from = to;
                to = swap;
            }
            for (int y = 0; y < height; y++) {
                for (int i = 0, at = y * stride + x, of = y * STRIP; i < n; i++) {
                    data[at + i] = (byte) from[of + i];
                }
            }
        }
    }

    /** One pass down a strip of {@link #STRIP} columns. */
    private static void strip(int[] in, int[] out, int[] sum, int height, Box box) {
        int last = height - 1;
        int r = box.r;
        java.util.Arrays.fill(sum, 0);
        for (int y = -r - 1; y < r; y++) {
            add(sum, in, STRIP * Math.max(0, Math.min(y, last)));
        }
        for (int y = 0; y < height; y++) {
            slide(sum, in, out, STRIP * Math.max(0, y - r - 1), STRIP * Math.min(last, y + r), STRIP * Math.min(last, y + r + 1), STRIP * y,
                box.whole, box.part);
        }
    }

    private static void add(int[] sum, int[] in, int at) {
        for (int i = 0; i < STRIP; i++) {
            sum[i] += in[at + i];
        }
    }

    private static void slide(int[] sum, int[] in, int[] out, int left, int enter, int right, int to, int whole, int part) {
        for (int i = 0; i < STRIP; i++) {
            int s = sum[i] + in[enter + i] - in[left + i];
            sum[i] = s;
            out[to + i] = s * whole + (in[left + i] + in[right + i]) * part + HALF >>> 24;
        }
    }
}
