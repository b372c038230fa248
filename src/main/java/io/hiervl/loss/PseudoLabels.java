package io.hiervl.loss;

import io.hiervl.Content;
import io.hiervl.backend.jvm.Parallel;
import io.hiervl.tensor.RawArrays;
import io.hiervl.tensor.Staging;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What the network believes about weak views (docs/paper.md 6.4, 8.3).
 *
 * @param confidence (B,H,W), largest probability
 * @param labels     (B,H,W), its class, the lowest on ties
 */
public record PseudoLabels(INDArray confidence, INDArray labels) {
    /** Pixels at a time: the scores of some classes stay in the cache. */
    private static final int BLOCK = 2048;

    /** From scores z (B,K,H,W), whose softmax is the distribution. */
    public static PseudoLabels of(INDArray z) {
        INDArray dense = RawArrays.dense(z);
        int k = (int) z.size(1);
        int pixels = (int) (z.size(2) * z.size(3));
        int blocks = Parallel.parts(pixels, BLOCK);
        long[] shape = {z.size(0), z.size(2), z.size(3)};
        INDArray confidence = Nd4j.createUninitialized(z.dataType(), shape);
        INDArray labels = Nd4j.createUninitialized(z.dataType(), shape);
        Parallel.forEach(blocks * (int) z.size(0), i -> {
            int b = i / blocks;
            int from = i % blocks * BLOCK;
            int n = Math.min(BLOCK, pixels - from);
            double[][] scores = new double[k][n];
            for (int c = 0; c < k; c++) {
                Staging.read(dense, ((long) b * k + c) * pixels + from, scores[c], n);
            }
            double[] best = new double[n];
            double[] p = new double[n];
            winners(scores, best, p);
            Staging.write(p, n, confidence, (long) b * pixels + from);
            Staging.write(best, n, labels, (long) b * pixels + from);
        });
        return new PseudoLabels(confidence, labels);
    }

    /** Turns scores (K,n) into probabilities. */
    static void softmax(double[][] scores) {
        double[] best = new double[scores[0].length];
        double[] largest = new double[best.length];
        winners(scores, best, largest);
        for (int i = 0; i < best.length; i++) {
            double max = scores[(int) best[i]][i];
            for (double[] s : scores) {
                s[i] = Math.exp(s[i] - max) * largest[i];
            }
        }
    }

    /** Class of the largest score (K,n) and its softmax probability. */
    static void winners(double[][] scores, double[] best, double[] probability) {
        double[] max = scores[0].clone();
        Arrays.fill(best, 0);
        for (int c = 1; c < scores.length; c++) {
            for (int i = 0; i < max.length; i++) {
                if (scores[c][i] > max[i]) {
                    max[i] = scores[c][i];
                    best[i] = c;
                }
            }
        }
        Arrays.fill(probability, 0);
        for (double[] s : scores) {
            for (int i = 0; i < max.length; i++) {
                probability[i] += Math.exp(s[i] - max[i]);
            }
        }
        for (int i = 0; i < max.length; i++) {
            probability[i] = 1 / probability[i];
        }
    }

    @Override
    public boolean equals(Object other) {
        return Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return Content.hash(this);
    }

    @Override
    public String toString() {
        return Content.text(this);
    }
}
