package io.hiervl.backend.jvm;

/** Rows brought to unit length, and the way of gradients back. */
final class UnitVectors {
    private static final double TINY = 1e-12;

    final double[] unit;
    private final double[] norms;
    private final int width;

    /** Rows of x (n, width). */
    UnitVectors(double[] x, int width) {
        this.width = width;
        this.unit = new double[x.length];
        this.norms = new double[x.length / width];
        for (int r = 0; r < norms.length; r++) {
            double sum = 0;
            for (int i = r * width; i < (r + 1) * width; i++) {
                sum += x[i] * x[i];
            }
            norms[r] = Math.max(Math.sqrt(sum), TINY);
            for (int i = r * width; i < (r + 1) * width; i++) {
                unit[i] = x[i] / norms[r];
            }
        }
    }

    /** Turns gradients with respect to the unit rows into gradients with respect to x, in place. */
    void back(double[] g) {
        for (int r = 0; r < norms.length; r++) {
            double along = dot(g, r * width, unit, r * width, width);
            for (int i = r * width; i < (r + 1) * width; i++) {
                g[i] = (g[i] - along * unit[i]) / norms[r];
            }
        }
    }

    static double dot(double[] a, int ai, double[] b, int bi, int n) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += a[ai + i] * b[bi + i];
        }
        return sum;
    }

    /** y += factor * x on n elements. */
    static void add(double factor, double[] x, int xi, double[] y, int yi, int n) {
        for (int i = 0; i < n; i++) {
            y[yi + i] += factor * x[xi + i];
        }
    }
}
