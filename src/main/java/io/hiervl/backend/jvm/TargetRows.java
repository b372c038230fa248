package io.hiervl.backend.jvm;

import io.hiervl.backend.Matching;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;

/** What query rows are to stand for. */
final class TargetRows {
    private TargetRows() {
    }

    /** Fixed matching of every image. */
    static void match(Matching m, Tensor labelMaps, Tensor rowClass, Tensor slots, Tensor presence) {
        int h = (int) labelMaps.size(1);
        int w = (int) labelMaps.size(2);
        double[] labels = new double[h * w];
        for (int b = 0; b < labelMaps.size(0); b++) {
            Staging.read(labelMaps, (long) b * h * w, labels, h * w);
            Matching.Targets t = m.match(labels, h, w);
            put(t.rowClass(), rowClass, b);
            put(t.slots(), slots, b);
            put(t.presence(), presence, b);
        }
    }

    private static void put(int[] values, Tensor out, int b) {
        if (out == null) {
            return;
        }
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        Staging.write(wide, wide.length, out, (long) b * wide.length);
    }

    /** Rows that are sure of a class. */
    static void confident(Tensor classLogits, int classes, double threshold, Tensor chosenRows, Tensor rowWeights) {
        int columns = (int) classLogits.size(2);
        int k = classes;
        double[] logits = Staging.doubles(classLogits);
        double[] chosen = new double[logits.length / columns];
        double[] weights = new double[chosen.length];
        int rows = (int) classLogits.size(1);
        int[] count = new int[(int) classLogits.size(0)];
        boolean literal = threshold <= 0;
        for (int r = 0; r < chosen.length; r++) {
            int best = 0;
            int limit = literal ? k : columns;
            for (int c = 1; c < limit; c++) {
                best = logits[r * columns + c] > logits[r * columns + best] ? c : best;
            }
            double sum = 0;
            for (int c = 0; c < columns; c++) {
                sum += Math.exp(logits[r * columns + c] - logits[r * columns + best]);
            }
            boolean counts = literal || best < k && 1 / sum >= threshold;
            chosen[r] = counts ? best : -100;
            weights[r] = counts ? 1 : 0;
            count[r / rows] += counts ? 1 : 0;
        }
        for (int r = 0; r < weights.length && !literal; r++) {
            weights[r] /= Math.max(1, count[r / rows]);
        }
        if (chosenRows != null) {
            Staging.write(chosen, chosenRows);
        }
        if (rowWeights != null) {
            Staging.write(weights, rowWeights);
        }
    }
}
