package io.hiervl.op.kernel;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Inputs z (B,K,H,W), labels (B,H,W), weights (B,H,W). */
public final class PixelCrossEntropyKernel implements LossKernel {
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
    public double[] forward(INDArray[] in, Settings settings) {
        PixelExp exp = PixelExp.of(in[0], 1);
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
                    sum += weights[x] * (row.logSumExp(x) - row.value((int) labels[x], x));
                }
            }
            parts[r] = sum;
        });
        return new double[] {Arrays.stream(parts).sum()};
    }

    private static double sum(PixelExp exp, INDArray[] in) {
        int classes = (int) in[0].size(1);
        Slab labels = Slab.of(in[1]);
        Slab weights = Slab.of(in[2]);
        double[] parts = new double[exp.pieces()];
        exp.forPieces((piece, part) -> {
            float[][] z = piece.readScores();
            float[] l = new float[piece.n];
            float[] w = new float[piece.n];
            labels.get(piece.first, l, 0, piece.n);
            weights.get(piece.first, w, 0, piece.n);
            for (int i = 0; i < piece.n; i++) {
                if (counts(l[i], w[i], classes)) {
                    parts[part] += w[i] * (Math.log(piece.sum(i)) + piece.max(i) - z[(int) l[i]][i]);
                }
            }
        });
        return Arrays.stream(parts).sum();
    }

    private static void gradient(PixelExp exp, INDArray[] in, double cotangent, INDArray target) {
        int classes = (int) in[0].size(1);
        Slab labels = Slab.of(in[1]);
        Slab weights = Slab.of(in[2]);
        exp.forPieces((piece, part) -> {
            float[][] d = piece.readExp();
            float[] l = new float[piece.n];
            float[] w = new float[piece.n];
            float[] factor = new float[piece.n];
            labels.get(piece.first, l, 0, piece.n);
            weights.get(piece.first, w, 0, piece.n);
            for (int i = 0; i < piece.n; i++) {
                w[i] = counts(l[i], w[i], classes) ? (float) (cotangent * w[i]) : 0;
                factor[i] = w[i] / piece.sum(i);
            }
            for (float[] row : d) {
                for (int i = 0; i < factor.length; i++) {
                    row[i] *= factor[i];
                }
            }
            for (int i = 0; i < piece.n; i++) {
                if (w[i] != 0) {
                    d[(int) l[i]][i] -= w[i];
                }
            }
            piece.write(d, target);
        });
    }

    private static boolean counts(double label, double weight, int classes) {
        return weight != 0 && label >= 0 && label < classes;
    }

    @Override
    public void backward(INDArray[] in, Settings settings, double[] cotangent, INDArray[] gradients) {
        if (gradients[0] == null) {
            return;
        }
        PixelExp exp = PixelExp.of(in[0], 1);
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
                double factor = cotangent[0] * weights[x];
                for (int k = 0; k < rows.classes(); k++) {
                    d[k][x] = factor * (Math.exp(row.value(k, x) - total) - (k == (int) labels[x] ? 1 : 0));
                }
            }
            rows.write(d, gradients[0], r);
        });
    }
}
