package io.hiervl.backend.jvm;

import io.hiervl.backend.HostMath;
import io.hiervl.backend.LossKernel;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;

/**
 * Entropy of the softmax over classes, weighted by pixel. Inputs z (B,K,H,W), weights (B,H,W).
 *
 * @param factor on z before the softmax
 */
public record PixelEntropyKernel(double factor) implements LossKernel {
    @Override
    public String name() {
        return "pixel_entropy";
    }

    @Override
    public int losses() {
        return 1;
    }

    @Override
    public int differentiable() {
        return 1;
    }

    private static PixelRows.Row scaled(PixelRows.Row row, double factor) {
        for (double[] values : row.values()) {
            for (int x = 0; x < values.length; x++) {
                values[x] *= factor;
            }
        }
        return row;
    }

    /** Entropy of column x, given its log-sum-exp. */
    private static double entropy(PixelRows.Row row, int x, double total) {
        double h = 0;
        for (double[] v : row.values()) {
            double logP = v[x] - total;
            h -= Math.exp(logP) * logP;
        }
        return h;
    }

    /** log sum exp - sum of p z, per pixel; with u = z - max the maximum cancels. The scores become u. */
    private static void entropies(PixelExp exp, PixelExp.Piece piece, float[] h) {
        Arrays.fill(h, 0, piece.n, 0);
        for (int k = 0; k < exp.classes(); k++) {
            subtract(piece.scores()[k], piece.max(), piece.n);
            addProducts(piece.exps()[k], piece.scores()[k], h, piece.n);
        }
        for (int i = 0; i < piece.n; i++) {
            h[i] = (float) Math.log(piece.sum()[i]) - h[i] / piece.sum()[i];
        }
    }

    private static void subtract(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            x[i] -= y[i];
        }
    }

    private static void addProducts(float[] x, float[] y, float[] sum, int n) {
        for (int i = 0; i < n; i++) {
            sum[i] += x[i] * y[i];
        }
    }

    private static double sum(PixelExp exp, Tensor weightMap) {
        Slab weights = Slab.of(weightMap);
        double[] parts = new double[exp.pieces()];
        exp.forPieces((piece, part) -> {
            float[] w = HeapTiles.get(0, piece.n);
            weights.get(piece.first, w, 0, piece.n);
            float[] h = HeapTiles.get(1, piece.n);
            entropies(exp, piece, h);
            double total = 0;
            for (int i = 0; i < piece.n; i++) {
                total += w[i] == 0 ? 0 : (double) w[i] * h[i];
            }
            parts[part] = total;
        });
        return Arrays.stream(parts).sum();
    }

    private static void gradient(PixelExp exp, Tensor weightMap, double factor, Tensor target) {
        Slab weights = Slab.of(weightMap);
        Slab out = Slab.of(target);
        exp.forPieces((piece, part) -> {
            float[] w = HeapTiles.get(0, piece.n);
            weights.get(piece.first, w, 0, piece.n);
            float[] h = HeapTiles.get(1, piece.n);
            entropies(exp, piece, h);
            for (int i = 0; i < piece.n; i++) {
                // log p + h = u - log sum + h
                h[i] -= (float) Math.log(piece.sum()[i]);
                w[i] = w[i] == 0 ? 0 : (float) (factor * w[i] / piece.sum()[i]);
            }
            for (int k = 0; k < exp.classes(); k++) {
                combine(piece.exps()[k], w, piece.scores()[k], h, piece.n);
            }
            piece.write(piece.exps(), out);
        });
    }

    private static void combine(float[] e, float[] w, float[] u, float[] h, int n) {
        for (int i = 0; i < n; i++) {
            e[i] *= w[i] * (u[i] + h[i]);
        }
    }

    @Override
    public double[] forward(HostMath math, Tensor[] in) {
        PixelExp exp = PixelExp.of(math, in[0], factor);
        if (exp != null) {
            return new double[] {sum(exp, in[1])};
        }
        PixelRows rows = new PixelRows(in[0]);
        double[] parts = new double[rows.count()];
        Parallel.forEach(rows.count(), r -> {
            PixelRows.Row row = scaled(rows.read(r), factor);
            double[] weights = rows.readMap(in[1], r);
            for (int x = 0; x < rows.width(); x++) {
                if (weights[x] != 0) {
                    parts[r] += weights[x] * entropy(row, x, row.logSumExp(x));
                }
            }
        });
        return new double[] {Arrays.stream(parts).sum()};
    }

    @Override
    public void backward(HostMath math, Tensor[] in, double[] cotangent, Tensor[] gradients) {
        if (gradients[0] == null) {
            return;
        }
        double scale = factor;
        PixelExp exp = PixelExp.of(math, in[0], scale);
        if (exp != null) {
            gradient(exp, in[1], -cotangent[0] * scale, gradients[0]);
            return;
        }
        PixelRows rows = new PixelRows(in[0]);
        Parallel.forEach(rows.count(), r -> {
            PixelRows.Row row = scaled(rows.read(r), scale);
            double[] weights = rows.readMap(in[1], r);
            double[][] d = new double[rows.classes()][rows.width()];
            for (int x = 0; x < rows.width(); x++) {
                if (weights[x] == 0) {
                    continue;
                }
                double total = row.logSumExp(x);
                double h = entropy(row, x, total);
                for (int k = 0; k < rows.classes(); k++) {
                    double logP = row.value(k, x) - total;
                    d[k][x] = -cotangent[0] * weights[x] * scale * Math.exp(logP) * (logP + h);
                }
            }
            rows.write(d, gradients[0], r);
        });
    }
}
