package io.hiervl.image;

/**
 * The colour operations of torchvision's ColorJitter on its Pillow backend (ImageEnhance, libImaging/Blend.c and
 * Convert.c), in their 8-bit and single-precision arithmetic.
 */
public final class Colour {
    private Colour() {
    }

    /** L = (19595 R + 38470 G + 7471 B + 32768) / 65536. */
    static int luminance(byte[] rgb, int i) {
        return 19595 * (rgb[i] & 255) + 38470 * (rgb[i + 1] & 255) + 7471 * (rgb[i + 2] & 255) + 0x8000 >> 16;
    }

    /** Towards black: factor 0 is black, 1 the photo itself. */
    public static Photo brightness(Photo in, double factor) {
        return map(in, (byte) 0, (float) factor);
    }

    /** Towards the mean luminance of the picture, rounded. */
    public static Photo contrast(Photo in, double factor) {
        long sum = 0;
        for (int i = 0; i < in.rgb().length; i += 3) {
            sum += luminance(in.rgb(), i);
        }
        int mean = (int) ((double) sum / ((long) in.width() * in.height()) + 0.5);
        return map(in, (byte) mean, (float) factor);
    }

    private static Photo map(Photo in, byte towards, float factor) {
        byte[] table = new byte[256];
        for (int v = 0; v < 256; v++) {
            table[v] = blend(towards & 255, v, factor);
        }
        byte[] out = new byte[in.rgb().length];
        for (int i = 0; i < out.length; i++) {
            out[i] = table[in.rgb()[i] & 255];
        }
        return new Photo(out, in.width(), in.height());
    }

    /** Towards the grey picture. */
    public static Photo saturation(Photo in, double factor) {
        byte[] src = in.rgb();
        byte[] out = new byte[src.length];
        for (int i = 0; i < out.length; i += 3) {
            int grey = luminance(src, i);
            for (int c = i; c < i + 3; c++) {
                out[c] = blend(grey, src[c] & 255, (float) factor);
            }
        }
        return new Photo(out, in.width(), in.height());
    }

    private static byte blend(int from, int to, float factor) {
        if (factor == 0) {
            return (byte) from;
        }
        if (factor == 1) {
            return (byte) to;
        }
        float v = from + factor * (to - from);
        return (byte) (v <= 0 ? 0 : v >= 255 ? 255 : (int) v);
    }

    /** Every channel replaced by the luminance. */
    public static Photo greyscale(Photo in) {
        byte[] out = new byte[in.rgb().length];
        for (int i = 0; i < out.length; i += 3) {
            byte v = (byte) luminance(in.rgb(), i);
            out[i] = v;
            out[i + 1] = v;
            out[i + 2] = v;
        }
        return new Photo(out, in.width(), in.height());
    }

    /** Turns the hue by {@code factor} of the circle, -0.5 to 0.5, in Pillow's 8-bit HSV. */
    public static Photo hue(Photo in, double factor) {
        int turn = (int) (255 * factor);
        byte[] out = new byte[in.rgb().length];
        for (int i = 0; i < out.length; i += 3) {
            turnHue(in.rgb(), out, i, turn);
        }
        return new Photo(out, in.width(), in.height());
    }

    private static void turnHue(byte[] src, byte[] out, int i, int turn) {
        int r = src[i] & 255;
        int g = src[i + 1] & 255;
        int b = src[i + 2] & 255;
        int max = Math.max(r, Math.max(g, b));
        int min = Math.min(r, Math.min(g, b));
        int sat = SATURATION[max << 8 | min];
        if (sat == 0) {
            // the hue has no effect
            out[i] = out[i + 1] = out[i + 2] = (byte) max;
            return;
        }
        int hue = hueOf(r, g, b, max, max - min) + turn & 255;
        int sector = SECTOR[hue];
        float f = FRACTION[hue];
        float fs = (float) (sat / 255.0);
        byte p = WHITE[max << 8 | sat];
        byte q = round(max * (1.0 - fs * f));
        byte t = round(max * (1.0 - fs * (1.0 - f)));
        byte v = (byte) max;
        switch (sector) {
            case 0 -> set(out, i, v, t, p);
            case 1 -> set(out, i, q, v, p);
            case 2 -> set(out, i, p, v, t);
            case 3 -> set(out, i, p, q, v);
            case 4 -> set(out, i, t, p, v);
            default -> set(out, i, v, p, q);
        }
    }

    private static int hueOf(int r, int g, int b, int max, float range) {
        float rc = (max - r) / range;
        float gc = (max - g) / range;
        float bc = (max - b) / range;
        float h = r == max ? bc - gc : g == max ? (float) (2.0 + rc - bc) : (float) (4.0 + gc - rc);
        // lies in 5/6 .. 11/6, so that one subtraction is the remainder
        double turns = h / 6.0 + 1.0;
        return Math.min(255, (int) ((float) (turns >= 1 ? turns - 1 : turns) * 255.0));
    }

    private static byte round(double v) {
        return (byte) (v + 0.5);
    }

    // Pillow's conversions, for every pair of bytes: saturation of (max, min), the darkest channel of (max, saturation),
    // sector and position within it of a hue.
    private static final int[] SATURATION = new int[1 << 16];
    private static final byte[] WHITE = new byte[1 << 16];
    private static final int[] SECTOR = new int[256];
    private static final float[] FRACTION = new float[256];

    static {
        for (int max = 0; max < 256; max++) {
            for (int low = 0; low < 256; low++) {
                float share = max > low ? (float) (max - low) / max : 0;
                SATURATION[max << 8 | low] = Math.min(255, (int) (share * 255.0));
                WHITE[max << 8 | low] = round(max * (1.0 - (float) (low / 255.0)));
            }
            float h = (float) (max * 6.0 / 255.0);
            SECTOR[max] = (int) h % 6;
            FRACTION[max] = h - (int) h;
        }
    }

    private static void set(byte[] out, int i, byte r, byte g, byte b) {
        out[i] = r;
        out[i + 1] = g;
        out[i + 2] = b;
    }
}
