package io.hiervl.data.coco;

import io.hiervl.Content;
import java.util.Arrays;

/**
 * A set of pixels in COCO's terms: positions in column-major order at which it begins, ends, begins, ...
 *
 * @param bounds ascending; an odd number means that the last run goes on to the last pixel
 */
public record Region(int[] bounds) {
    /** Polygons are followed on a grid this much finer. */
    private static final int FINE = 5;
    /** Coordinates beyond it lie outside every picture. */
    private static final double LARGEST = 1 << 17;

    /**
     * The pixels of a polygon exactly as pycocotools draws them (cocoapi, common/maskApi.c, rleFrPoly).
     *
     * @param xy x0, y0, x1, y1, ... in pixels; at least three corners
     */
    public static Region polygon(double[] xy, int width, int height) {
        int corners = xy.length / 2;
        for (double v : xy) {
            if (!(Math.abs(v) <= LARGEST)) {
                throw new IllegalArgumentException("a polygon has the coordinate " + v);
            }
        }
        int[] x = new int[corners + 1];
        int[] y = new int[corners + 1];
        int steps = 0;
        for (int i = 0; i <= corners; i++) {
            x[i] = (int) (FINE * xy[2 * (i % corners)] + 0.5);
            y[i] = (int) (FINE * xy[2 * (i % corners) + 1] + 0.5);
            steps += i == 0 ? 0 : Math.max(Math.abs(x[i] - x[i - 1]), Math.abs(y[i] - y[i - 1])) + 1;
        }
        int[] u = new int[steps];
        int[] v = new int[steps];
        int n = 0;
        for (int i = 0; i < corners; i++) {
            n = line(x[i], y[i], x[i + 1], y[i + 1], u, v, n);
        }
        int[] bounds = new int[n];
        int m = 0;
        for (int i = 1; i < n; i++) {
            double column = ((u[i] < u[i - 1] ? u[i] : u[i] - 1) + 0.5) / FINE - 0.5;
            if (u[i] == u[i - 1] || Math.floor(column) != column || column < 0 || column > width - 1) {
                continue;
            }
            double row = (Math.min(v[i], v[i - 1]) + 0.5) / FINE - 0.5;
            bounds[m++] = ((int) column) * height + (int) Math.ceil(Math.min(Math.max(row, 0), height));
        }
        bounds = Arrays.copyOf(bounds, m);
        Arrays.sort(bounds);
        return new Region(bounds);
    }

    /** Points of a line on the fine grid, in its direction, written from position n; returns the next position. */
    private static int line(int x0, int y0, int x1, int y1, int[] u, int[] v, int n) {
        int dx = Math.abs(x1 - x0);
        int dy = Math.abs(y1 - y0);
        boolean flat = dx >= dy;
        boolean flip = flat ? x0 > x1 : y0 > y1;
        int xs = flip ? x1 : x0;
        int ys = flip ? y1 : y0;
        int length = flat ? dx : dy;
        double slope = length == 0 ? 0 : (double) (flat ? (flip ? y0 - y1 : y1 - y0) : flip ? x0 - x1 : x1 - x0) / length;
        for (int d = 0; d <= length; d++) {
            int t = flip ? length - d : d;
            u[n] = flat ? t + xs : (int) (xs + slope * t + 0.5);
            v[n++] = flat ? (int) (ys + slope * t + 0.5) : t + ys;
        }
        return n;
    }

    /**
     * Run lengths, first one outside the region.
     *
     * @throws IllegalArgumentException a length below 0, or more pixels than any picture has
     */
    public static Region runs(int[] counts) {
        int[] bounds = new int[counts.length];
        int at = 0;
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] < 0) {
                throw new IllegalArgumentException("its run lengths have the length " + counts[i]);
            }
            if (at > Integer.MAX_VALUE - counts[i]) {
                throw new IllegalArgumentException("its run lengths are longer than any picture");
            }
            at += counts[i];
            bounds[i] = at;
        }
        return new Region(bounds);
    }

    /**
     * Run lengths in COCO's text form (maskApi.c, rleFrString): five bits a character, differences to the last but one.
     *
     * @throws IllegalArgumentException a character outside the code, or a text that ends within a number
     */
    public static Region text(String text) {
        int[] counts = new int[text.length()];
        int m = 0;
        for (int p = 0; p < text.length(); m++) {
            long value = 0;
            int bits = 0;
            boolean more = true;
            while (more) {
                int c = p < text.length() ? text.charAt(p++) - 48 : -1;
                if (c < 0 || c > 63 || bits > 30) {
                    throw new IllegalArgumentException(
                        "damaged run lengths '" + (text.length() > 40 ? text.substring(0, 40) + "..." : text) + "'");
                }
                value |= (long) (c & 0x1f) << bits;
                more = (c & 0x20) != 0;
                bits += 5;
                if (!more && (c & 0x10) != 0) {
                    value |= -1L << bits;
                }
            }
            counts[m] = Math.toIntExact(m > 2 ? value + counts[m - 2] : value);
        }
        return runs(Arrays.copyOf(counts, m));
    }

    /** Whether the runs end with the last pixel, as run lengths of a picture of this size do. */
    boolean fills(int width, int height) {
        return bounds.length > 0 && bounds[bounds.length - 1] == width * height && Arrays.stream(bounds).allMatch(b -> b >= 0);
    }

    /** Gives all pixels of the region a value; {@code labels} is row-major. */
    public void paint(byte[] labels, int width, int height, byte value) {
        for (int i = 0; i < bounds.length; i += 2) {
            int end = i + 1 < bounds.length ? bounds[i + 1] : width * height;
            for (int p = bounds[i]; p < end; p++) {
                labels[p % height * width + p / height] = value;
            }
        }
    }

    /** Number of pixels. */
    public int area(int width, int height) {
        int area = 0;
        for (int i = 0; i < bounds.length; i += 2) {
            area += (i + 1 < bounds.length ? bounds[i + 1] : width * height) - bounds[i];
        }
        return area;
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
