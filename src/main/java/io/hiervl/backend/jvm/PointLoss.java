package io.hiervl.backend.jvm;

/**
 * Mask losses at points (Mask2Former criterion.py, docs/paper.md 7.2): binary cross-entropy and dice of one mask, both over the
 * valid points only. Points are (x,y) in [0,1], maps are sampled bilinearly with zeros outside (align_corners False).
 */
public final class PointLoss {
    private PointLoss() {
    }

    /** Target of a mask: its value and whether labels are valid, at a continuous point. */
    public interface Target {
        double value(double x, double y);

        boolean valid(double x, double y);
    }

    /** Losses of a mask; without valid points both are 0. */
    public record Losses(double bce, double dice) {
    }

    /** log(1 + exp(z)) - y z, stable for large |z|. */
    static double crossEntropy(double z, double y) {
        return Math.max(z, 0) - z * y + log1pExp(-Math.abs(z));
    }

    /** log(1 + exp(z)) for z of at most 0; Math.log1p is several times slower. */
    private static double log1pExp(double z) {
        double e = Math.exp(z);
        return e < 1e-5 ? e - e * e / 2 : Math.log(1 + e);
    }

    static double sigmoid(double z) {
        double e = Math.exp(-Math.abs(z));
        return (z >= 0 ? 1 : e) / (1 + e);
    }

    /** Value of a map (h,w) at a point. */
    static double sample(double[] map, int h, int w, double px, double py) {
        double x = px * w - 0.5;
        double y = py * h - 0.5;
        int x0 = (int) Math.floor(x);
        int y0 = (int) Math.floor(y);
        double fx = x - x0;
        double fy = y - y0;
        if (x0 >= 0 && y0 >= 0 && x0 + 1 < w && y0 + 1 < h) {
            int i = y0 * w + x0;
            return (1 - fy) * ((1 - fx) * map[i] + fx * map[i + 1]) + fy * ((1 - fx) * map[i + w] + fx * map[i + w + 1]);
        }
        return (1 - fy) * ((1 - fx) * at(map, h, w, y0, x0) + fx * at(map, h, w, y0, x0 + 1))
            + fy * ((1 - fx) * at(map, h, w, y0 + 1, x0) + fx * at(map, h, w, y0 + 1, x0 + 1));
    }

    static double at(double[] map, int h, int w, int y, int x) {
        return y >= 0 && x >= 0 && y < h && x < w ? map[y * w + x] : 0;
    }

    /** Adds g times the derivative of {@link #sample} by the map. */
    static void sampleAdjoint(double g, double[] d, int h, int w, double px, double py) {
        double x = px * w - 0.5;
        double y = py * h - 0.5;
        int x0 = (int) Math.floor(x);
        int y0 = (int) Math.floor(y);
        double fx = x - x0;
        double fy = y - y0;
        put(g * (1 - fy) * (1 - fx), d, h, w, y0, x0);
        put(g * (1 - fy) * fx, d, h, w, y0, x0 + 1);
        put(g * fy * (1 - fx), d, h, w, y0 + 1, x0);
        put(g * fy * fx, d, h, w, y0 + 1, x0 + 1);
    }

    private static void put(double g, double[] d, int h, int w, int y, int x) {
        if (y >= 0 && x >= 0 && y < h && x < w) {
            d[y * w + x] += g;
        }
    }

    /**
     * The candidates with smallest |logit|, in their order, followed by the random points.
     *
     * @param candidates x0,y0,x1,y1,...
     * @param hard       number of candidates to keep
     * @param random     further points as they are
     * @param target     candidates on invalid pixels are taken last; null: validity does not matter
     */
    public static double[] choose(double[] logits, int h, int w, double[] candidates, int hard, double[] random, Target target) {
        int n = candidates.length / 2;
        double[] certainty = new double[n];
        for (int i = 0; i < n; i++) {
            double x = candidates[2 * i];
            double y = candidates[2 * i + 1];
            double z = target != null && !target.valid(x, y) ? Double.POSITIVE_INFINITY : Math.abs(sample(logits, h, w, x, y));
            certainty[i] = Double.isNaN(z) ? Double.POSITIVE_INFINITY : z;
        }
        double[] points = new double[2 * hard + random.length];
        int chosen = 0;
        if (hard > 0) {
            double limit = Selection.smallest(certainty, hard - 1);
            int equal = hard;
            for (double z : certainty) {
                equal -= z < limit ? 1 : 0;
            }
            for (int i = 0; i < n && chosen < hard; i++) {
                if (certainty[i] < limit || certainty[i] == limit && equal-- > 0) {
                    points[2 * chosen] = candidates[2 * i];
                    points[2 * chosen + 1] = candidates[2 * i + 1];
                    chosen++;
                }
            }
        }
        System.arraycopy(random, 0, points, 2 * hard, random.length);
        return points;
    }

    /** Losses at the points. */
    public static Losses forward(double[] logits, int h, int w, double[] points, Target target) {
        return pass(logits, h, w, points, target, 0, 0, null);
    }

    /** Adds dBce and dDice times the derivatives of the two losses by the logits to d. */
    public static void backward(double[] logits, int h, int w, double[] points, Target target, double dBce, double dDice, double[] d) {
        pass(logits, h, w, points, target, dBce, dDice, d);
    }

    private static Losses pass(double[] logits, int h, int w, double[] points, Target target, double dBce, double dDice, double[] d) {
        int n = points.length / 2;
        double[] z = new double[n];
        double[] y = new double[n];
        int valid = 0;
        double bce = 0;
        double both = 0;
        double sum = 0;
        for (int i = 0; i < n; i++) {
            double px = points[2 * i];
            double py = points[2 * i + 1];
            if (!target.valid(px, py)) {
                y[i] = Double.NaN;
                continue;
            }
            valid++;
            z[i] = sample(logits, h, w, px, py);
            y[i] = target.value(px, py);
            double s = sigmoid(z[i]);
            bce += crossEntropy(z[i], y[i]);
            both += s * y[i];
            sum += s + y[i];
        }
        double count = Math.max(1, valid);
        double above = 2 * both + 1;
        double below = sum + 1;
        if (d != null) {
            for (int i = 0; i < n; i++) {
                if (!Double.isNaN(y[i])) {
                    double s = sigmoid(z[i]);
                    double byDice = -(2 * y[i] * below - above) / (below * below) * s * (1 - s);
                    sampleAdjoint(dBce * (s - y[i]) / count + dDice * byDice, d, h, w, points[2 * i], points[2 * i + 1]);
                }
            }
        }
        return new Losses(bce / count, 1 - above / below);
    }

    /** Target of class k: labels at full resolution, sampled bilinearly. */
    public static Target textTarget(double[] labels, int height, int width, int classes, int k) {
        return new LabelTarget(labels, height, width, classes, labels, height, width, k);
    }

    /** Target of a slot: the slot map at its own resolution, sampled bilinearly; validity from the labels. */
    static Target slotTarget(double[] slots, int h, int w, int slot, double[] labels, int height, int width, int classes) {
        return new LabelTarget(labels, height, width, classes, slots, h, w, slot);
    }

    private record LabelTarget(double[] labels, int height, int width, int classes, double[] map, int h, int w, int key)
        implements
            Target {
        @Override
        public double value(double px, double py) {
            double x = px * w - 0.5;
            double y = py * h - 0.5;
            int x0 = (int) Math.floor(x);
            int y0 = (int) Math.floor(y);
            double fx = x - x0;
            double fy = y - y0;
            return (1 - fy) * ((1 - fx) * is(y0, x0) + fx * is(y0, x0 + 1)) + fy * ((1 - fx) * is(y0 + 1, x0) + fx * is(y0 + 1, x0 + 1));
        }

        private int is(int y, int x) {
            return y >= 0 && x >= 0 && y < h && x < w && map[y * w + x] == key ? 1 : 0;
        }

        @Override
        public boolean valid(double px, double py) {
            double v = labels[Math.min(height - 1, (int) (py * height)) * width + Math.min(width - 1, (int) (px * width))];
            return v >= 0 && v < classes;
        }
    }
}
