package io.hiervl.backend.jvm;

import io.hiervl.tensor.Resize;

/**
 * Interpolation along one axis as in PyTorch (align_corners False, no antialiasing): every output index takes a few source
 * indices with weights. Two-dimensional resizing is one pass per axis.
 */
public final class Interpolation {

    private final int in;
    private final int out;
    private final int taps;
    private final int[] index;
    private final double[] weight;

    private Interpolation(int in, int out, int taps) {
        this.in = in;
        this.out = out;
        this.taps = taps;
        this.index = new int[out * taps];
        this.weight = new double[out * taps];
    }

    /** Weights for resizing {@code in} samples to {@code out}. */
    public static Interpolation of(int in, int out, Resize mode) {
        return switch (mode) {
            case BILINEAR -> linear(in, out);
            case BICUBIC -> cubic(in, out);
            case NEAREST -> nearest(in, out);
        };
    }

    private static Interpolation linear(int in, int out) {
        Interpolation t = new Interpolation(in, out, 2);
        for (int o = 0; o < out; o++) {
            double x = Math.max(0, (o + 0.5) * in / out - 0.5);
            int x0 = Math.min((int) x, in - 1);
            t.set(o, 0, x0, 1 - (x - x0));
            t.set(o, 1, x0 + 1, x - x0);
        }
        return t;
    }

    private static Interpolation cubic(int in, int out) {
        double a = -0.75;
        Interpolation t = new Interpolation(in, out, 4);
        for (int o = 0; o < out; o++) {
            double x = (o + 0.5) * in / out - 0.5;
            int x0 = (int) Math.floor(x);
            double f = x - x0;
            for (int k = 0; k < 4; k++) {
                double d = Math.abs(f + 1 - k);
                double w = d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
                t.set(o, k, x0 - 1 + k, w);
            }
        }
        return t;
    }

    private static Interpolation nearest(int in, int out) {
        Interpolation t = new Interpolation(in, out, 1);
        for (int o = 0; o < out; o++) {
            t.set(o, 0, (int) Math.floor((double) o * in / out), 1);
        }
        return t;
    }

    private void set(int o, int tap, int source, double w) {
        index[o * taps + tap] = Math.max(0, Math.min(in - 1, source));
        weight[o * taps + tap] = w;
    }

    /** Number of sources of every value. */
    int taps() {
        return taps;
    }

    /** Source number {@code k % taps} of value {@code k / taps}. */
    int source(int k) {
        return index[k];
    }

    /** Weight of {@link #source}. */
    double weight(int k) {
        return weight[k];
    }

    int in() {
        return in;
    }

    int out() {
        return out;
    }

    /** Interpolates along the rows: x (rows, in) to y (rows, out). */
    public void rows(double[] x, int rows, double[] y) {
        for (int r = 0; r < rows; r++) {
            for (int o = 0; o < out; o++) {
                double sum = 0;
                for (int k = o * taps; k < (o + 1) * taps; k++) {
                    sum += weight[k] * x[r * in + index[k]];
                }
                y[r * out + o] = sum;
            }
        }
    }

    /** Adjoint of {@link #rows}: adds to dx (rows, in), which must hold zeros. */
    void rowsAdjoint(double[] dy, int rows, double[] dx) {
        for (int r = 0; r < rows; r++) {
            for (int o = 0; o < out; o++) {
                double g = dy[r * out + o];
                for (int k = o * taps; k < (o + 1) * taps; k++) {
                    dx[r * in + index[k]] += weight[k] * g;
                }
            }
        }
    }

    /** Interpolates along the columns: x (in, width) to y (out, width). */
    void columns(double[] x, int width, double[] y) {
        java.util.Arrays.fill(y, 0, out * width, 0);
        for (int o = 0; o < out; o++) {
            for (int k = o * taps; k < (o + 1) * taps; k++) {
                axpy(weight[k], x, index[k] * width, y, o * width, width);
            }
        }
    }

    /** Adjoint of {@link #columns}: adds to dx (in, width), which must hold zeros. */
    void columnsAdjoint(double[] dy, int width, double[] dx) {
        for (int o = 0; o < out; o++) {
            for (int k = o * taps; k < (o + 1) * taps; k++) {
                axpy(weight[k], dy, o * width, dx, index[k] * width, width);
            }
        }
    }

    private static void axpy(double factor, double[] x, int xi, double[] y, int yi, int n) {
        if (factor == 0) {
            return;
        }
        for (int i = 0; i < n; i++) {
            y[yi + i] += factor * x[xi + i];
        }
    }
}
