package io.hiervl.backend.jvm;

import java.util.Arrays;

/** Scores (K,n) of classes at n places as Java arrays. */
public final class ClassScores {
    private ClassScores() {
    }

    /** Turns scores (K,n) into probabilities. */
    public static void softmax(double[][] scores) {
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

    /** Class of the largest score (K,n), the lowest on ties, and its softmax probability. */
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
}
