package io.hiervl.backend.jvm;

import io.hiervl.tensor.Resize;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;

/** Scores (B,K,h,w) enlarged bilinearly, row by row. Safe for use by several threads. */
public final class EnlargedScores {
    private final double[] small;
    private final int k;
    private final int h;
    private final int w;
    private final int height;
    private final int width;
    private final Interpolation horizontal;

    public EnlargedScores(Tensor scores, int height, int width) {
        this.small = Staging.doubles(scores);
        this.k = (int) scores.size(1);
        this.h = (int) scores.size(2);
        this.w = (int) scores.size(3);
        this.height = height;
        this.width = width;
        this.horizontal = Interpolation.of(w, width, Resize.BILINEAR);
    }

    /** Row y of an image, (K,width). */
    public double[][] row(int image, int y) {
        double x = Math.max(0, (y + 0.5) * ((double) h / height) - 0.5);
        int upper = Math.min(h - 1, (int) x);
        int lower = Math.min(h - 1, upper + 1);
        double[] weights = new double[h];
        weights[upper] += 1 - (x - upper);
        weights[lower] += x - upper;
        double[][] row = new double[k][width];
        for (int c = 0; c < k; c++) {
            double[] line = new double[w];
            int at = (image * k + c) * h * w;
            blend(line, at + upper * w, weights[upper]);
            if (lower != upper) {
                blend(line, at + lower * w, weights[lower]);
            }
            horizontal.rows(line, 1, row[c]);
        }
        return row;
    }

    private void blend(double[] line, int from, double weight) {
        for (int x = 0; x < w && weight != 0; x++) {
            line[x] += weight * small[from + x];
        }
    }
}
