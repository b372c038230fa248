package io.hiervl.image;

/**
 * Pillow's GaussianBlur (libImaging/BoxBlur.c): three passes of a box whose border pixels count in part, along rows,
 * then along columns, with 8-bit rounding after every pass and the edge pixel repeated outside.
 */
public final class PilBlur {
    private static final int PASSES = 3;

    private PilBlur() {
    }

    /** Blurs with a Gaussian of the given standard deviation in pixels; 0 returns the photo itself. */
    public static Photo gaussian(Photo in, double radius) {
        if (radius <= 0) {
            return in;
        }
        float box = boxRadius((float) radius);
        byte[] data = in.rgb().clone();
        byte[] line = new byte[Math.max(in.width(), in.height())];
        byte[] next = new byte[line.length];
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < in.height(); y++) {
                blurLine(data, 3 * y * in.width() + c, 3, in.width(), box, line, next);
            }
            for (int x = 0; x < in.width(); x++) {
                blurLine(data, 3 * x + c, 3 * in.width(), in.height(), box, line, next);
            }
        }
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

    private static void blurLine(byte[] data, int start, int stride, int n, float box, byte[] line, byte[] next) {
        for (int i = 0; i < n; i++) {
            line[i] = data[start + i * stride];
        }
        byte[] from = line;
        byte[] to = next;
        for (int pass = 0; pass < PASSES; pass++) {
            boxLine(from, to, n, box);
            byte[] swap = from;
            from = to;
            to = swap;
        }
        for (int i = 0; i < n; i++) {
            data[start + i * stride] = from[i];
        }
    }

    /** Weights are 24-bit fixed point; sums use all 32 bits of an int as unsigned. */
    private static void boxLine(byte[] in, byte[] out, int n, float box) {
        int r = (int) box;
        int whole = (int) ((1 << 24) / (box * 2 + 1));
        int part = ((1 << 24) - (r * 2 + 1) * whole) / 2;
        int last = n - 1;
        int sum = 0;
        for (int i = -r - 1; i < r; i++) {
            sum += in[Math.max(0, Math.min(i, last))] & 255;
        }
        for (int x = 0; x < n; x++) {
            int left = in[Math.max(0, x - r - 1)] & 255;
            int right = in[Math.min(last, x + r + 1)] & 255;
            sum += (in[Math.min(last, x + r)] & 255) - left;
            out[x] = (byte) (sum * whole + (left + right) * part + (1 << 23) >>> 24);
        }
    }
}
