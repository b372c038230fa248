package io.hiervl.predict.labels;

import io.hiervl.image.LabelMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Finds the connected parts of label maps and follows their outlines along the edges of pixels. */
final class Outlines {
    /** Corners that lie nearer than this to the line between their neighbours are left out: half a pixel, so that steps become slopes. */
    private static final double TOLERANCE = 0.5;
    private static final int[] DX = {1, 0, -1, 0};
    private static final int[] DY = {0, 1, 0, -1};

    private final LabelMap map;
    private final int[] parts;

    private Outlines(LabelMap map) {
        this.map = map;
        this.parts = new int[map.width() * map.height()];
    }

    /** The parts of all classes below {@code classes}, except one that is not wanted (the background), -1 for none. */
    static List<Outline> of(LabelMap map, int classes, int except) {
        Outlines outlines = new Outlines(map);
        List<Outline> out = new ArrayList<>();
        int[] stack = new int[outlines.parts.length];
        int number = 0;
        for (int start = 0; start < outlines.parts.length; start++) {
            int label = map.values()[start] & 255;
            if (outlines.parts[start] == 0 && label < classes && label != except) {
                out.add(outlines.part(start, ++number, label, stack));
            }
        }
        return out;
    }

    private Outline part(int start, int number, int label, int[] stack) {
        int w = map.width();
        int h = map.height();
        int n = 0;
        int left = w;
        int right = 0;
        int top = h;
        int bottom = 0;
        stack[n++] = start;
        parts[start] = number;
        while (n > 0) {
            int p = stack[--n];
            int x = p % w;
            int y = p / w;
            left = Math.min(left, x);
            right = Math.max(right, x);
            top = Math.min(top, y);
            bottom = Math.max(bottom, y);
            for (int d = 0; d < 4; d++) {
                int nx = x + DX[d];
                int ny = y + DY[d];
                if (nx >= 0 && ny >= 0 && nx < w && ny < h && parts[ny * w + nx] == 0 && (map.values()[ny * w + nx] & 255) == label) {
                    parts[ny * w + nx] = number;
                    stack[n++] = ny * w + nx;
                }
            }
        }
        byte[] bits = new byte[(right - left + 1) * (bottom - top + 1)];
        for (int y = top; y <= bottom; y++) {
            for (int x = left; x <= right; x++) {
                bits[(y - top) * (right - left + 1) + x - left] = (byte) (parts[y * w + x] == number ? 1 : 0);
            }
        }
        return new Outline(label, rings(bits, right - left + 1, bottom - top + 1, left, top), bits, left, top, right - left + 1,
            bottom - top + 1);
    }

    /** Edges run clockwise with the part on their right; holes run the other way. */
    private static List<double[]> rings(byte[] bits, int w, int h, int left, int top) {
        Map<Long, Integer> edges = new HashMap<>();
        for (int y = 0; y < h; y++) {
            for (int x = 0; x < w; x++) {
                if (bits[y * w + x] != 0) {
                    edge(edges, x, y, 0, y == 0 || bits[(y - 1) * w + x] == 0);
                    edge(edges, x + 1, y, 1, x == w - 1 || bits[y * w + x + 1] == 0);
                    edge(edges, x + 1, y + 1, 2, y == h - 1 || bits[(y + 1) * w + x] == 0);
                    edge(edges, x, y + 1, 3, x == 0 || bits[y * w + x - 1] == 0);
                }
            }
        }
        List<double[]> rings = new ArrayList<>();
        while (!edges.isEmpty()) {
            rings.add(follow(edges, left, top));
        }
        rings.sort(Comparator.comparingDouble(r -> -Math.abs(area(r))));
        return rings.stream().map(Outlines::simplified).toList();
    }

    private static void edge(Map<Long, Integer> edges, int x, int y, int direction, boolean outside) {
        if (outside) {
            edges.merge(key(x, y), 1 << direction, (a, b) -> a | b);
        }
    }

    private static long key(int x, int y) {
        return (long) y << 32 | x;
    }

    private static double[] follow(Map<Long, Integer> edges, int left, int top) {
        long start = edges.keySet().iterator().next();
        int x = (int) start;
        int y = (int) (start >> 32);
        int direction = Integer.numberOfTrailingZeros(edges.get(start));
        double[] xy = new double[16];
        int n = 0;
        int turned = -1;
        do {
            int out = edges.get(key(x, y));
            // Where two corners touch, the right turn stays with the same pixel.
            int right = (direction + 1) % 4;
            int next = turned < 0 ? direction : (out >> right & 1) != 0 ? right : (out >> direction & 1) != 0 ? direction
                : (direction + 3) % 4;
            if (next != turned) {
                xy = n + 2 > xy.length ? Arrays.copyOf(xy, 2 * xy.length) : xy;
                xy[n++] = x + left;
                xy[n++] = y + top;
            }
            if (out == 1 << next) {
                edges.remove(key(x, y));
            } else {
                edges.put(key(x, y), out & ~(1 << next));
            }
            direction = next;
            turned = next;
            x += DX[next];
            y += DY[next];
        } while (key(x, y) != start || edges.containsKey(start) && continues(edges.get(start), direction));
        return Arrays.copyOf(xy, n);
    }

    /** Whether the ring passes its start a second time, where two of its corners touch. */
    private static boolean continues(int out, int direction) {
        return (out >> (direction + 1) % 4 & 1) != 0;
    }

    private static double area(double[] xy) {
        double sum = 0;
        for (int i = 0; i < xy.length; i += 2) {
            int j = (i + 2) % xy.length;
            sum += xy[i] * xy[j + 1] - xy[j] * xy[i + 1];
        }
        return sum / 2;
    }

    /** Douglas and Peucker's rule between the corner first met and the one farthest from it. */
    private static double[] simplified(double[] xy) {
        int n = xy.length / 2;
        if (n <= 4) {
            return xy;
        }
        int far = 0;
        for (int i = 1; i < n; i++) {
            far = Math.hypot(xy[2 * i] - xy[0], xy[2 * i + 1] - xy[1]) > Math.hypot(xy[2 * far] - xy[0], xy[2 * far + 1] - xy[1]) ? i : far;
        }
        boolean[] keep = new boolean[n + 1];
        keep[0] = true;
        keep[far] = true;
        keep(xy, 0, far, keep);
        keep(xy, far, n, keep);
        double[] out = new double[xy.length];
        int m = 0;
        for (int i = 0; i < n; i++) {
            if (keep[i]) {
                out[m++] = xy[2 * i];
                out[m++] = xy[2 * i + 1];
            }
        }
        return m >= 6 ? Arrays.copyOf(out, m) : xy;
    }

    private static void keep(double[] xy, int from, int to, boolean[] keep) {
        int n = xy.length / 2;
        double x0 = xy[2 * from];
        double y0 = xy[2 * from + 1];
        double dx = xy[2 * (to % n)] - x0;
        double dy = xy[2 * (to % n) + 1] - y0;
        double length = Math.hypot(dx, dy);
        int farthest = -1;
        double most = TOLERANCE;
        for (int i = from + 1; i < to; i++) {
            double px = xy[2 * i] - x0;
            double py = xy[2 * i + 1] - y0;
            double distance = length == 0 ? Math.hypot(px, py) : Math.abs(px * dy - py * dx) / length;
            if (distance > most) {
                most = distance;
                farthest = i;
            }
        }
        if (farthest > 0) {
            keep[farthest] = true;
            keep(xy, from, farthest, keep);
            keep(xy, farthest, to, keep);
        }
    }
}
