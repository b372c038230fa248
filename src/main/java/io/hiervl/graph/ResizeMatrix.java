package io.hiervl.graph;

import io.hiervl.tensor.Resize;

/**
 * Interpolation along one axis written as a matrix (out x in), PyTorch's rules with align_corners False and without
 * antialiasing: bilinear clamps the source position at 0, bicubic (a = -0.75) repeats the border, nearest takes
 * floor(dst * in / out).
 */
public final class ResizeMatrix {
    private static final double A = -0.75;

    private ResizeMatrix() {
    }

    /** Row o holds the weights of the input cells for output cell o. */
    public static double[][] of(int in, int out, Resize mode) {
        double[][] m = new double[out][in];
        double scale = (double) in / out;
        for (int o = 0; o < out; o++) {
            double centre = (o + 0.5) * scale - 0.5;
            switch (mode) {
                case NEAREST -> m[o][Math.min(in - 1, (int) Math.floor(o * scale))] = 1;
                case BILINEAR -> {
                    double x = Math.max(0, centre);
                    int x0 = Math.min(in - 1, (int) x);
                    int x1 = Math.min(in - 1, x0 + 1);
                    m[o][x0] += 1 - (x - x0);
                    m[o][x1] += x - x0;
                }
                case BICUBIC -> {
                    int x0 = (int) Math.floor(centre);
                    double t = centre - x0;
                    for (int k = -1; k <= 2; k++) {
                        m[o][Math.min(in - 1, Math.max(0, x0 + k))] += cubic(Math.abs(t - k));
                    }
                }
            }
        }
        return m;
    }

    private static double cubic(double x) {
        return x <= 1 ? ((A + 2) * x - (A + 3)) * x * x + 1 : x < 2 ? ((A * x - 5 * A) * x + 8 * A) * x - 4 * A : 0;
    }
}
