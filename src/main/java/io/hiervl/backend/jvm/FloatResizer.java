package io.hiervl.backend.jvm;

/**
 * Interpolation of single-precision planes (h,w) to (H,W) and its adjoint: along the rows first, where few values are made,
 * then whole rows at a time. An instance serves several threads.
 */
final class FloatResizer {
    /** Elements written and read at a time. */
    private static final int PIECE = 4096;

    private final Axis vertical;
    private final Axis horizontal;
    private final ThreadLocal<float[][]> half;

    FloatResizer(Interpolation vertical, Interpolation horizontal) {
        this.vertical = new Axis(vertical);
        this.horizontal = new Axis(horizontal);
        this.half = ThreadLocal.withInitial(() -> new float[vertical.in()][horizontal.out()]);
    }

    /** One direction: which sources make a value, and, for the adjoint, which values a source goes to. */
    private static final class Axis {
        final int in;
        final int out;
        final int taps;
        final int[] source;
        final float[] weight;
        final int[] first;
        final int[] target;
        final float[] share;

        Axis(Interpolation t) {
            this.in = t.in();
            this.out = t.out();
            this.taps = t.taps();
            this.source = new int[out * taps];
            this.weight = new float[out * taps];
            this.first = new int[in + 1];
            this.target = new int[out * taps];
            this.share = new float[out * taps];
            for (int k = 0; k < source.length; k++) {
                source[k] = t.source(k);
                weight[k] = (float) t.weight(k);
                first[source[k] + 1]++;
            }
            for (int i = 0; i < in; i++) {
                first[i + 1] += first[i];
            }
            int[] next = first.clone();
            for (int k = 0; k < source.length; k++) {
                int at = next[source[k]]++;
                target[at] = k / taps;
                share[at] = weight[k];
            }
        }

        void interpolate(float[] x, int at, float[] y) {
            if (taps == 2) {
                for (int o = 0; o < out; o++) {
                    y[o] = weight[2 * o] * x[at + source[2 * o]] + weight[2 * o + 1] * x[at + source[2 * o + 1]];
                }
                return;
            }
            for (int o = 0; o < out; o++) {
                float sum = 0;
                for (int k = o * taps; k < (o + 1) * taps; k++) {
                    sum += weight[k] * x[at + source[k]];
                }
                y[o] = sum;
            }
        }

        void adjoint(float[] dy, float[] dx, int at) {
            for (int i = 0; i < in; i++) {
                float sum = 0;
                for (int k = first[i]; k < first[i + 1]; k++) {
                    sum += share[k] * dy[target[k]];
                }
                dx[at + i] = sum;
            }
        }
    }

    private int rowsAtATime() {
        return Math.max(1, Math.min(vertical.out, PIECE / horizontal.out));
    }

    /** Plane number p of x into plane number p of y. */
    void forward(Slab x, Slab y, int p) {
        int width = horizontal.out;
        float[] plane = HeapTiles.get(0, vertical.in * horizontal.in);
        x.get(p * vertical.in * horizontal.in, plane, 0, vertical.in * horizontal.in);
        float[][] rows = half.get();
        for (int r = 0; r < vertical.in; r++) {
            horizontal.interpolate(plane, r * horizontal.in, rows[r]);
        }
        int many = rowsAtATime();
        float[] piece = HeapTiles.get(1, many * width);
        float[] row = HeapTiles.get(2, width);
        for (int from = 0; from < vertical.out; from += many) {
            int to = Math.min(vertical.out, from + many);
            for (int o = from; o < to; o++) {
                int k = o * vertical.taps;
                if (vertical.taps == 2) {
                    mix(vertical.weight[k], rows[vertical.source[k]], vertical.weight[k + 1], rows[vertical.source[k + 1]], row, width);
                } else {
                    scale(vertical.weight[k], rows[vertical.source[k]], row, width);
                    for (int tap = 1; tap < vertical.taps; tap++) {
                        add(vertical.weight[k + tap], rows[vertical.source[k + tap]], row, width);
                    }
                }
                System.arraycopy(row, 0, piece, (o - from) * width, width);
            }
            y.put((p * vertical.out + from) * width, piece, 0, (to - from) * width);
        }
    }

    /** Adjoint of {@link #forward}: plane number p of dy into plane number p of dx. */
    void backward(Slab dy, Slab dx, int p) {
        int width = horizontal.out;
        float[][] rows = half.get();
        for (float[] row : rows) {
            java.util.Arrays.fill(row, 0);
        }
        int many = rowsAtATime();
        float[] piece = HeapTiles.get(1, many * width);
        float[] row = HeapTiles.get(2, width);
        for (int from = 0; from < vertical.out; from += many) {
            int to = Math.min(vertical.out, from + many);
            dy.get((p * vertical.out + from) * width, piece, 0, (to - from) * width);
            for (int o = from; o < to; o++) {
                System.arraycopy(piece, (o - from) * width, row, 0, width);
                for (int k = o * vertical.taps; k < (o + 1) * vertical.taps; k++) {
                    add(vertical.weight[k], row, rows[vertical.source[k]], width);
                }
            }
        }
        float[] plane = HeapTiles.get(0, vertical.in * horizontal.in);
        for (int r = 0; r < vertical.in; r++) {
            horizontal.adjoint(rows[r], plane, r * horizontal.in);
        }
        dx.put(p * vertical.in * horizontal.in, plane, 0, vertical.in * horizontal.in);
    }

    private static void mix(float a, float[] x, float b, float[] y, float[] z, int n) {
        for (int i = 0; i < n; i++) {
            z[i] = a * x[i] + b * y[i];
        }
    }

    private static void scale(float a, float[] x, float[] z, int n) {
        for (int i = 0; i < n; i++) {
            z[i] = a * x[i];
        }
    }

    private static void add(float a, float[] x, float[] z, int n) {
        if (a == 0) {
            return;
        }
        for (int i = 0; i < n; i++) {
            z[i] += a * x[i];
        }
    }
}
