package io.hiervl.backend.jvm;

import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;

/** Bilinear samples of maps (B,C,H,W) at points (B,P,2), (x,y) in [0,1], zeros outside, align_corners False. */
public final class PointSampler {
    private PointSampler() {
    }

    /** Result (B,C,P). */
    public static void forward(Tensor x, Tensor points, Tensor y) {
        int h = (int) x.size(2);
        int w = (int) x.size(3);
        int p = (int) points.size(1);
        double[] at = Staging.doubles(points);
        int channels = (int) x.size(1);
        Parallel.forEach((int) x.size(0) * channels, c -> {
            double[] map = new double[h * w];
            Staging.read(x, (long) c * h * w, map, h * w);
            double[] out = new double[p];
            int first = c / channels * p;
            for (int i = 0; i < p; i++) {
                out[i] = PointLoss.sample(map, h, w, at[2 * (first + i)], at[2 * (first + i) + 1]);
            }
            Staging.write(out, p, y, (long) c * p);
        });
    }

    /** Gradients; dx or dPoints may be null. */
    public static void backward(Tensor x, Tensor points, Tensor dy, Tensor dx, Tensor dPoints) {
        int h = (int) x.size(2);
        int w = (int) x.size(3);
        int p = (int) points.size(1);
        int channels = (int) x.size(1);
        double[] at = Staging.doubles(points);
        double[] dAt = new double[at.length];
        Parallel.forEach((int) x.size(0), b -> {
            double[] map = new double[h * w];
            double[] g = new double[p];
            for (int c = b * channels; c < (b + 1) * channels; c++) {
                Staging.read(x, (long) c * h * w, map, h * w);
                Staging.read(dy, (long) c * p, g, p);
                double[] d = new double[h * w];
                for (int i = 0; i < p; i++) {
                    int j = 2 * (b * p + i);
                    PointLoss.sampleAdjoint(g[i], d, h, w, at[j], at[j + 1]);
                    double[] slope = slope(map, h, w, at[j], at[j + 1]);
                    dAt[j] += g[i] * slope[0];
                    dAt[j + 1] += g[i] * slope[1];
                }
                if (dx != null) {
                    Staging.write(d, h * w, dx, (long) c * h * w);
                }
            }
        });
        if (dPoints != null) {
            Staging.write(dAt, dPoints);
        }
    }

    /** Derivatives of the sample by the point: differences of the four corners. */
    private static double[] slope(double[] map, int h, int w, double px, double py) {
        double x = px * w - 0.5;
        double y = py * h - 0.5;
        int x0 = (int) Math.floor(x);
        int y0 = (int) Math.floor(y);
        double fx = x - x0;
        double fy = y - y0;
        double a = PointLoss.at(map, h, w, y0, x0);
        double b = PointLoss.at(map, h, w, y0, x0 + 1);
        double c = PointLoss.at(map, h, w, y0 + 1, x0);
        double d = PointLoss.at(map, h, w, y0 + 1, x0 + 1);
        return new double[] {w * ((1 - fy) * (b - a) + fy * (d - c)), h * ((1 - fx) * (c - a) + fx * (d - b))};
    }
}
