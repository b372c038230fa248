package io.hiervl.backend.jvm;

import io.hiervl.backend.HostMath;
import io.hiervl.backend.LossKernel;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;

/**
 * Inputs z (B,K,H,W), labels (B,H,W), weights (B,H,W).
 *
 * @param ohem pixels whose label has a larger probability than this do not count; 1: all count
 */
public record PixelCrossEntropyKernel(double ohem) implements LossKernel {
    /** All pixels count. */
    public PixelCrossEntropyKernel() {
        this(1);
    }

    @Override
    public String name() {
        return "pixel_cross_entropy";
    }

    @Override
    public int losses() {
        return 1;
    }

    @Override
    public int differentiable() {
        return 1;
    }

    @Override
    public double[] forward(HostMath math, Tensor[] in) {
        PixelExp exp = PixelExp.of(math, in[0], 1);
        if (exp != null) {
            return new double[] {sum(exp, in)};
        }
        PixelRows rows = new PixelRows(in[0]);
        double[] parts = new double[rows.count()];
        Parallel.forEach(rows.count(), r -> {
            PixelRows.Row row = rows.read(r);
            double[] labels = rows.readMap(in[1], r);
            double[] weights = rows.readMap(in[2], r);
            double sum = 0;
            for (int x = 0; x < rows.width(); x++) {
                if (counts(labels[x], weights[x], rows.classes())) {
                    double loss = row.logSumExp(x) - row.value((int) labels[x], x);
                    sum += hard(loss) ? weights[x] * loss : 0;
                }
            }
            parts[r] = sum;
        });
        return new double[] {Arrays.stream(parts).sum()};
    }

    private boolean hard(double loss) {
        return ohem >= 1 || !(loss < -Math.log(ohem));
    }

    private double sum(PixelExp exp, Tensor[] in) {
        Slab labels = Slab.of(in[1]);
        Slab weights = Slab.of(in[2]);
        double[] parts = new double[exp.pieces()];
        exp.forPieces((piece, part) -> {
            float[] l = HeapTiles.get(0, piece.n);
            float[] w = HeapTiles.get(1, piece.n);
            labels.get(piece.first, l, 0, piece.n);
            weights.get(piece.first, w, 0, piece.n);
            parts[part] = sum(piece, exp.classes(), l, w);
        });
        return Arrays.stream(parts).sum();
    }

    private double sum(PixelExp.Piece piece, int classes, float[] labels, float[] weights) {
        float[][] scores = piece.scores();
        float[] max = piece.max();
        float[] sum = piece.sum();
        double total = 0;
        for (int i = 0; i < piece.n; i++) {
            if (counts(labels[i], weights[i], classes)) {
                double loss = Math.log(sum[i]) + (max[i] - scores[(int) labels[i]][i]);
                total += hard(loss) ? weights[i] * loss : 0;
            }
        }
        return total;
    }

    private void gradient(PixelExp exp, Tensor[] in, double cotangent, Tensor target) {
        Slab labels = Slab.of(in[1]);
        Slab weights = Slab.of(in[2]);
        Slab out = Slab.of(target);
        exp.forPieces((piece, part) -> {
            float[] l = HeapTiles.get(0, piece.n);
            float[] w = HeapTiles.get(1, piece.n);
            float[] factor = HeapTiles.get(2, piece.n);
            labels.get(piece.first, l, 0, piece.n);
            weights.get(piece.first, w, 0, piece.n);
            for (int i = 0; i < piece.n; i++) {
                w[i] = counts(l[i], w[i], exp.classes()) && hard(piece, l[i], i) ? (float) (cotangent * w[i]) : 0;
                factor[i] = w[i] / piece.sum()[i];
            }
            float[][] d = piece.exps();
            for (int k = 0; k < exp.classes(); k++) {
                multiply(d[k], factor, piece.n);
            }
            for (int i = 0; i < piece.n; i++) {
                if (w[i] != 0) {
                    d[(int) l[i]][i] -= w[i];
                }
            }
            piece.write(d, out);
        });
    }

    private boolean hard(PixelExp.Piece piece, float label, int i) {
        return ohem >= 1 || hard(Math.log(piece.sum()[i]) + (piece.max()[i] - piece.scores()[(int) label][i]));
    }

    private static void multiply(float[] x, float[] factor, int n) {
        for (int i = 0; i < n; i++) {
            x[i] *= factor[i];
        }
    }

    private static boolean counts(double label, double weight, int classes) {
        return weight != 0 && label >= 0 && label < classes;
    }

    @Override
    public void backward(HostMath math, Tensor[] in, double[] cotangent, Tensor[] gradients) {
        if (gradients[0] == null) {
            return;
        }
        PixelExp exp = PixelExp.of(math, in[0], 1);
        if (exp != null) {
            gradient(exp, in, cotangent[0], gradients[0]);
            return;
        }
        PixelRows rows = new PixelRows(in[0]);
        Parallel.forEach(rows.count(), r -> {
            PixelRows.Row row = rows.read(r);
            double[] labels = rows.readMap(in[1], r);
            double[] weights = rows.readMap(in[2], r);
            double[][] d = new double[rows.classes()][rows.width()];
            for (int x = 0; x < rows.width(); x++) {
                if (!counts(labels[x], weights[x], rows.classes())) {
                    continue;
                }
                double total = row.logSumExp(x);
                if (!hard(total - row.value((int) labels[x], x))) {
                    continue;
                }
                double factor = cotangent[0] * weights[x];
                for (int k = 0; k < rows.classes(); k++) {
                    d[k][x] = factor * (Math.exp(row.value(k, x) - total) - (k == (int) labels[x] ? 1 : 0));
                }
            }
            rows.write(d, gradients[0], r);
        });
    }
}
