package io.hiervl.eval;

import java.util.Arrays;

/** Probabilities of the classes at every pixel, in place, for n windows of K planes each. They are what windows are averaged by. */
public final class Probabilities {
    private Probabilities() {
    }

    /** Softmax over the classes of log scores z. */
    public static void ofLogScores(float[] z, int n, int classes, int pixels) {
        float[] sums = new float[pixels];
        for (int at = 0; at < n * classes * pixels; at += classes * pixels) {
            subtractMax(z, at, classes, pixels);
            Arrays.fill(sums, 0);
            for (int k = 0; k < classes; k++) {
                int plane = at + k * pixels;
                for (int i = 0; i < pixels; i++) {
                    float e = (float) Math.exp(z[plane + i]);
                    z[plane + i] = e;
                    sums[i] += e;
                }
            }
            divide(z, at, classes, sums);
        }
    }

    /**
     * The same from S, where z = log(S + eps) / T (docs/paper.md 6.4): the shares of (S + eps)^(1/T). A logarithm and a power cancel
     * each other at the usual temperatures.
     */
    public static void ofScores(float[] s, int n, int classes, int pixels, double eps, double temperature) {
        float[] sums = new float[pixels];
        float add = (float) eps;
        double power = 1 / temperature;
        for (int at = 0; at < n * classes * pixels; at += classes * pixels) {
            for (int i = at; i < at + classes * pixels; i++) {
                s[i] += add;
            }
            if (power != 1 && power != 2) {
                raise(s, at, classes, pixels, power);
            }
            Arrays.fill(sums, 0);
            for (int k = 0; k < classes; k++) {
                int plane = at + k * pixels;
                if (power == 2) {
                    for (int i = 0; i < pixels; i++) {
                        s[plane + i] *= s[plane + i];
                    }
                }
                for (int i = 0; i < pixels; i++) {
                    sums[i] += s[plane + i];
                }
            }
            divide(s, at, classes, sums);
        }
    }

    /** Shares of the largest first: high powers of small values would all vanish. */
    private static void raise(float[] s, int at, int classes, int pixels, double power) {
        float[] max = max(s, at, classes, pixels);
        for (int k = 0; k < classes; k++) {
            int plane = at + k * pixels;
            for (int i = 0; i < pixels; i++) {
                s[plane + i] = (float) Math.pow(s[plane + i] / max[i], power);
            }
        }
    }

    private static void subtractMax(float[] z, int at, int classes, int pixels) {
        float[] max = max(z, at, classes, pixels);
        for (int k = 0; k < classes; k++) {
            int plane = at + k * pixels;
            for (int i = 0; i < pixels; i++) {
                z[plane + i] -= max[i];
            }
        }
    }

    private static float[] max(float[] z, int at, int classes, int pixels) {
        float[] max = Arrays.copyOfRange(z, at, at + pixels);
        for (int k = 1; k < classes; k++) {
            int plane = at + k * pixels;
            for (int i = 0; i < pixels; i++) {
                max[i] = Math.max(max[i], z[plane + i]);
            }
        }
        return max;
    }

    private static void divide(float[] p, int at, int classes, float[] sums) {
        for (int k = 0; k < classes; k++) {
            int plane = at + k * sums.length;
            for (int i = 0; i < sums.length; i++) {
                p[plane + i] /= sums[i];
            }
        }
    }
}
