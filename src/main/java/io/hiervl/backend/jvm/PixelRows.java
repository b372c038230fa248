package io.hiervl.backend.jvm;

import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;

/** Access to score maps (B,K,H,W) and plain maps (B,H,W), one image row with all its classes at a time. */
final class PixelRows {
    private final Tensor z;
    private final int classes;
    private final int height;
    private final int width;

    PixelRows(Tensor z) {
        this.z = z;
        this.classes = (int) z.size(1);
        this.height = (int) z.size(2);
        this.width = (int) z.size(3);
    }

    /** Rows of all images together. */
    int count() {
        return (int) z.size(0) * height;
    }

    int classes() {
        return classes;
    }

    int width() {
        return width;
    }

    /** Scores of row r of the batch. */
    Row read(int r) {
        double[][] values = new double[classes][width];
        for (int k = 0; k < classes; k++) {
            Staging.read(z, position(r, k), values[k], width);
        }
        return new Row(values);
    }

    private long position(int r, int k) {
        return (((long) (r / height) * classes + k) * height + r % height) * width;
    }

    /** Row r of a map (B,H,W). */
    double[] readMap(Tensor map, int r) {
        if (map.length() != (long) count() * width) {
            throw new IllegalArgumentException("map of shape " + java.util.Arrays.toString(map.shape()) + " beside scores of shape "
                + java.util.Arrays.toString(z.shape()));
        }
        double[] values = new double[width];
        Staging.read(map, (long) r * width, values, width);
        return values;
    }

    /** Writes row r of an array like the scores. */
    void write(double[][] values, Tensor target, int r) {
        for (int k = 0; k < classes; k++) {
            Staging.write(values[k], width, target, position(r, k));
        }
    }

    /** Scores (K, W). */
    record Row(double[][] values) {
        double value(int k, int x) {
            return values[k][x];
        }

        double logSumExp(int x) {
            double max = Double.NEGATIVE_INFINITY;
            for (double[] v : values) {
                max = Math.max(max, v[x]);
            }
            double sum = 0;
            for (double[] v : values) {
                sum += Math.exp(v[x] - max);
            }
            return max + Math.log(sum);
        }
    }
}
