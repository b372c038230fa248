package io.hiervl.op.kernel;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Inputs z (B,K,H,W), weights (B,H,W); reals: factor on z. */
public final class PixelEntropyKernel implements LossKernel {
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

    @Override
    public double[] forward(INDArray[] in, Settings settings) {
        PixelRows rows = new PixelRows(in[0]);
        double[] parts = new double[rows.count()];
        Parallel.forEach(rows.count(), r -> {
            PixelRows.Row row = scaled(rows.read(r), settings.reals()[0]);
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
    public void backward(INDArray[] in, Settings settings, double[] cotangent, INDArray[] gradients) {
        if (gradients[0] == null) {
            return;
        }
        PixelRows rows = new PixelRows(in[0]);
        double scale = settings.reals()[0];
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
