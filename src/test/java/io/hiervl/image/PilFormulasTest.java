package io.hiervl.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The fast forms of hue and blur against Pillow's formulas written down pixel by pixel, on every shape and on colours at random. */
class PilFormulasTest {
    private static byte[] random(int n, long seed) {
        byte[] bytes = new byte[n];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    @Test
    void hueFollowsTheFormula() {
        byte[] rgb = random(3 * 500_000, 1);
        // neighbours in colour, where saturation is small
        for (int i = 0; i < 300_000; i += 3) {
            rgb[i + 1] = (byte) (rgb[i] + i % 4);
            rgb[i + 2] = (byte) (rgb[i] + i / 4 % 3);
        }
        for (double factor : new double[] {-0.5, -0.25, -0.013, 0, 0.1, 0.25, 0.5}) {
            Photo out = Colour.hue(new Photo(rgb, 1000, 500), factor);
            for (int i = 0; i < rgb.length; i += 3) {
                int expected = turned(rgb[i] & 255, rgb[i + 1] & 255, rgb[i + 2] & 255, (int) (255 * factor));
                int actual = (out.rgb()[i] & 255) << 16 | (out.rgb()[i + 1] & 255) << 8 | out.rgb()[i + 2] & 255;
                if (expected != actual) {
                    assertEquals(Integer.toHexString(expected), Integer.toHexString(actual), "colour " + i + ", factor " + factor);
                }
            }
        }
    }

    /** libImaging/Convert.c: rgb2hsv_row, the turn, hsv2rgb. */
    private static int turned(int r, int g, int b, int turn) {
        int max = Math.max(r, Math.max(g, b));
        int min = Math.min(r, Math.min(g, b));
        int hue = 0;
        int sat = 0;
        if (min != max) {
            float range = max - min;
            float rc = (max - r) / range;
            float gc = (max - g) / range;
            float bc = (max - b) / range;
            float h = r == max ? bc - gc : g == max ? (float) (2.0 + rc - bc) : (float) (4.0 + gc - rc);
            h = (float) ((h / 6.0 + 1.0) % 1.0);
            hue = Math.min(255, (int) (h * 255.0));
            sat = Math.min(255, (int) (range / max * 255.0));
        }
        hue = hue + turn & 255;
        if (sat == 0) {
            return max << 16 | max << 8 | max;
        }
        float fh = (float) (hue * 6.0 / 255.0);
        float fs = (float) (sat / 255.0);
        float f = fh - (int) fh;
        int p = (int) Math.round(max * (1.0 - fs));
        int q = (int) Math.round(max * (1.0 - fs * f));
        int t = (int) Math.round(max * (1.0 - fs * (1.0 - f)));
        int[] c = switch ((int) fh % 6) {
            case 0 -> new int[] {max, t, p};
            case 1 -> new int[] {q, max, p};
            case 2 -> new int[] {p, max, t};
            case 3 -> new int[] {p, q, max};
            case 4 -> new int[] {t, p, max};
            default -> new int[] {max, p, q};
        };
        return c[0] << 16 | c[1] << 8 | c[2];
    }

    @Test
    void blurFollowsTheFormulaOnEveryShape() {
        int[][] sizes = {{1, 1}, {1, 9}, {7, 1}, {2, 3}, {21, 5}, {22, 64}, {43, 17}, {130, 2}};
        for (int[] s : sizes) {
            Photo in = new Photo(random(3 * s[0] * s[1], s[0]), s[0], s[1]);
            for (double radius : new double[] {0.1, 0.4, 0.7, 1.3, 2, 5.5}) {
                assertArrayEquals(blurred(in, radius), PilBlur.gaussian(in, radius).rgb(), s[0] + "x" + s[1] + ", radius " + radius);
            }
        }
    }

    private static byte[] blurred(Photo in, double radius) {
        float variance = (float) radius * (float) radius / 3;
        float l = (float) Math.floor(((float) Math.sqrt(12.0 * variance + 1.0) - 1.0) / 2.0);
        float box = l + (2 * l + 1) * (l * (l + 1) - 3 * variance) / (6 * (variance - (l + 1) * (l + 1)));
        byte[] data = in.rgb().clone();
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < in.height(); y++) {
                line(data, 3 * y * in.width() + c, 3, in.width(), box);
            }
            for (int x = 0; x < in.width(); x++) {
                line(data, 3 * x + c, 3 * in.width(), in.height(), box);
            }
        }
        return data;
    }

    /** libImaging/BoxBlur.c: ImagingLineBoxBlur8, the sum of every box from scratch. */
    private static void line(byte[] data, int start, int stride, int n, float box) {
        int r = (int) box;
        long whole = (int) ((1 << 24) / (box * 2 + 1));
        long part = ((1 << 24) - (r * 2 + 1) * whole) / 2;
        for (int pass = 0; pass < 3; pass++) {
            int[] v = new int[n];
            for (int i = 0; i < n; i++) {
                v[i] = data[start + i * stride] & 255;
            }
            for (int x = 0; x < n; x++) {
                long sum = 0;
                for (int k = -r; k <= r; k++) {
                    sum += whole * v[Math.max(0, Math.min(n - 1, x + k))];
                }
                sum += part * (v[Math.max(0, x - r - 1)] + v[Math.min(n - 1, x + r + 1)]);
                data[start + x * stride] = (byte) (sum + (1 << 23) >> 24);
            }
        }
    }
}
