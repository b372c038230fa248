package io.hiervl.model;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Fixed sine position features of DETR: D/2 channels for y, then D/2 for x, sine and cosine interleaved, temperature
 * 10000.
 */
public final class SinePositions {
    private static final double EPS = 1e-6;

    private SinePositions() {
    }

    /** Features of the cells of a map, (h*w, D); cell i lies at (i + 1) / (h + 1e-6) of 2 pi (Mask2Former). */
    public static INDArray ofMap(int h, int w, int dim, DataType type) {
        return grid(h, w, dim, type, 1, EPS);
    }

    /** Features of the centres of g x g slots, (g*g, D); centre i lies at (i + 0.5) / g of 2 pi. */
    public static INDArray ofSlots(int g, int dim, DataType type) {
        return grid(g, g, dim, type, 0.5, 0);
    }

    private static INDArray grid(int h, int w, int dim, DataType type, double shift, double eps) {
        int half = dim / 2;
        double[] values = new double[h * w * dim];
        for (int y = 0; y < h; y++) {
            for (int x = 0; x < w; x++) {
                int at = (y * w + x) * dim;
                fill(values, at, half, (y + shift) / (h + eps) * 2 * Math.PI);
                fill(values, at + half, half, (x + shift) / (w + eps) * 2 * Math.PI);
            }
        }
        return Nd4j.create(values, new long[] {(long) h * w, dim}, 'c').castTo(type);
    }

    private static void fill(double[] values, int at, int half, double position) {
        for (int i = 0; i < half; i++) {
            int pair = i / 2;
            double angle = position / Math.pow(10000, 2.0 * pair / half);
            values[at + i] = i % 2 == 0 ? Math.sin(angle) : Math.cos(angle);
        }
    }
}
