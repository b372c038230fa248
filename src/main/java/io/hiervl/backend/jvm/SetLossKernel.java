package io.hiervl.backend.jvm;

import io.hiervl.backend.HostMath;
import io.hiervl.backend.LossKernel;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Inputs classLogits (B,Q,K+1 or K), maskLogits (B,Q,h,w), labels (B,H,W), rowClass (B,Q), slots (B,hs,ws), norms (3),
 * then either seeds (B), or candidates (N,3P,2) and random points (N,P-hard,2) for the matched rows in the order image,
 * row.
 *
 * <p>Losses: class (norms[0] * weighted sum), BCE and dice (norms[1] * sums over matched rows) and, without a no-object
 * column, BCE of rows without target against an empty mask (norms[2] * sum over rows of the mean over cells).
 *
 * @param classes          K
 * @param levels           L
 * @param points           points per mask
 * @param oversample       candidates per point
 * @param importance       share of points that come from the least certain candidates
 * @param ignoreCandidates whether candidates on ignored pixels are taken last
 * @param noObject         weight of the class "no object"
 * @param salt             changes the random points, for instance with the depth of the prediction
 */
public record SetLossKernel(int classes, int levels, int points, int oversample, double importance, boolean ignoreCandidates,
    double noObject, int salt) implements LossKernel {
    @Override
    public String name() {
        return "set_loss";
    }

    @Override
    public int losses() {
        return 4;
    }

    @Override
    public int differentiable() {
        return 2;
    }

    @Override
    public double[] forward(HostMath math, Tensor[] in) {
        Problem p = new Problem(in, this);
        double[] norms = Staging.doubles(in[5]);
        double[] total = new double[4];
        total[0] = norms[0] * p.classes(null, 0);
        double[][] parts = new double[p.rowClass.length][3];
        Parallel.forEach(parts.length, r -> {
            if (p.matched(r)) {
                double[] plane = p.plane(r);
                PointLoss.Target target = p.target(r);
                PointLoss.Losses l = PointLoss.forward(plane, p.h, p.w, p.points(r, plane, target), target);
                parts[r][0] = l.bce();
                parts[r][1] = l.dice();
            } else if (p.mustBeEmpty(r)) {
                parts[r][2] = Arrays.stream(p.plane(r)).map(z -> PointLoss.crossEntropy(z, 0)).sum() / (p.h * p.w);
            }
        });
        for (double[] part : parts) {
            total[1] += norms[1] * part[0];
            total[2] += norms[1] * part[1];
            total[3] += norms[2] * part[2];
        }
        return total;
    }

    @Override
    public void backward(HostMath math, Tensor[] in, double[] cotangent, Tensor[] gradients) {
        Problem p = new Problem(in, this);
        double[] norms = Staging.doubles(in[5]);
        if (gradients[0] != null) {
            double[] d = new double[p.logits.length];
            p.classes(d, cotangent[0] * norms[0]);
            Staging.write(d, gradients[0]);
        }
        if (gradients[1] == null) {
            return;
        }
        Parallel.forEach(p.rowClass.length, r -> {
            double[] d = new double[p.h * p.w];
            if (p.matched(r)) {
                double[] plane = p.plane(r);
                PointLoss.Target target = p.target(r);
                PointLoss.backward(plane, p.h, p.w, p.points(r, plane, target), target, cotangent[1] * norms[1], cotangent[2] * norms[1],
                    d);
            } else if (p.mustBeEmpty(r)) {
                double[] plane = p.plane(r);
                for (int i = 0; i < d.length; i++) {
                    d[i] = cotangent[3] * norms[2] / d.length * PointLoss.sigmoid(plane[i]);
                }
            }
            Staging.write(d, d.length, gradients[1], (long) r * d.length);
        });
    }

    /** The chosen points of every matched row, for tests. */
    public static List<double[]> points(SetLossKernel kernel, Tensor[] in) {
        Problem p = new Problem(in, kernel);
        List<double[]> result = new ArrayList<>();
        for (int r = 0; r < p.rowClass.length; r++) {
            if (p.matched(r)) {
                result.add(p.points(r, p.plane(r), p.target(r)));
            }
        }
        return result;
    }

    private static final class Problem {
        private final Tensor masks;
        private final int rows;
        private final int columns;
        private final int k;
        private final int textRows;
        private final int h;
        private final int w;
        private final int labelHeight;
        private final int labelWidth;
        private final int slotHeight;
        private final int slotWidth;
        private final int points;
        private final int oversample;
        private final boolean ignoreCandidates;
        private final long salt;
        private final int hard;
        private final double noObject;
        private final double[] logits;
        private final double[] rowClass;
        private final double[][] labels;
        private final double[][] slots;
        private final double[] seeds;
        private final double[] candidates;
        private final double[] random;
        private final int[] matchedIndex;

        Problem(Tensor[] in, SetLossKernel s) {
            masks = in[1];
            rows = (int) in[0].size(1);
            columns = (int) in[0].size(2);
            k = s.classes;
            textRows = k * s.levels;
            points = s.points;
            oversample = s.oversample;
            ignoreCandidates = s.ignoreCandidates;
            salt = s.salt;
            hard = (int) (points * s.importance);
            noObject = s.noObject;
            h = (int) masks.size(2);
            w = (int) masks.size(3);
            labelHeight = (int) in[2].size(1);
            labelWidth = (int) in[2].size(2);
            slotHeight = (int) in[4].size(1);
            slotWidth = (int) in[4].size(2);
            logits = Staging.doubles(in[0]);
            rowClass = Staging.doubles(in[3]);
            labels = split(in[2]);
            slots = split(in[4]);
            boolean given = in.length == 8;
            seeds = given ? null : Staging.doubles(in[6]);
            candidates = given ? Staging.doubles(in[6]) : null;
            random = given ? Staging.doubles(in[7]) : null;
            matchedIndex = new int[rowClass.length];
            int n = 0;
            for (int r = 0; r < rowClass.length; r++) {
                matchedIndex[r] = matched(r) ? n++ : -1;
            }
        }

        private static double[][] split(Tensor maps) {
            int n = (int) (maps.size(1) * maps.size(2));
            double[][] result = new double[(int) maps.size(0)][n];
            for (int b = 0; b < result.length; b++) {
                Staging.read(maps, (long) b * n, result[b], n);
            }
            return result;
        }

        boolean matched(int r) {
            return rowClass[r] >= 0 && rowClass[r] < k;
        }

        /** Rows without a target, where there is no class that says so. */
        boolean mustBeEmpty(int r) {
            return columns == k && rowClass[r] == k;
        }

        double[] plane(int r) {
            double[] plane = new double[h * w];
            Staging.read(masks, (long) r * plane.length, plane, plane.length);
            return plane;
        }

        PointLoss.Target target(int r) {
            int b = r / rows;
            int q = r % rows;
            return q < textRows ? PointLoss.textTarget(labels[b], labelHeight, labelWidth, k, (int) rowClass[r])
                : PointLoss.slotTarget(slots[b], slotHeight, slotWidth, q - textRows, labels[b], labelHeight, labelWidth, k);
        }

        double[] points(int r, double[] plane, PointLoss.Target target) {
            int easy = points - hard;
            double[] all;
            double[] rest;
            if (seeds == null) {
                int i = matchedIndex[r];
                int n = candidates.length / Math.toIntExact(Arrays.stream(matchedIndex).filter(m -> m >= 0).count());
                all = Arrays.copyOfRange(candidates, i * n, (i + 1) * n);
                rest = Arrays.copyOfRange(random, i * 2 * easy, (i + 1) * 2 * easy);
            } else {
                // depends on the image's seed and the row, not on the place in the batch: micro-batches give the same points
                SplittableRandom source = new SplittableRandom(((long) seeds[r / rows]) * 1_000_003L + (r % rows) * 7919L + salt);
                all = uniform(source, points * oversample);
                rest = uniform(source, easy);
            }
            return PointLoss.choose(plane, h, w, all, hard, rest, ignoreCandidates ? target : null);
        }

        /** Points with coordinates of 32 random bits each. */
        private static double[] uniform(SplittableRandom source, int n) {
            double[] xy = new double[2 * n];
            for (int i = 0; i < n; i++) {
                long bits = source.nextLong();
                xy[2 * i] = (bits >>> 32) * 0x1p-32;
                xy[2 * i + 1] = (bits & 0xffffffffL) * 0x1p-32;
            }
            return xy;
        }

        /** Weighted sum of class cross-entropies; adds its gradient times factor to d. */
        double classes(double[] d, double factor) {
            double sum = 0;
            for (int r = 0; r < rowClass.length; r++) {
                int target = (int) rowClass[r];
                if (target < 0 || target >= columns) {
                    continue;
                }
                double weight = target == k ? noObject : 1;
                double max = Double.NEGATIVE_INFINITY;
                for (int c = 0; c < columns; c++) {
                    max = Math.max(max, logits[r * columns + c]);
                }
                double exp = 0;
                for (int c = 0; c < columns; c++) {
                    exp += Math.exp(logits[r * columns + c] - max);
                }
                double total = max + Math.log(exp);
                sum += weight * (total - logits[r * columns + target]);
                if (d != null) {
                    for (int c = 0; c < columns; c++) {
                        d[r * columns + c] += factor * weight * (Math.exp(logits[r * columns + c] - total) - (c == target ? 1 : 0));
                    }
                }
            }
            return sum;
        }
    }
}
