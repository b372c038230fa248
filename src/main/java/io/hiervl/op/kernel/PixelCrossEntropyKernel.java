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

    private static boolean counts(double label, double weight, int classes) {
        return weight != 0 && label >= 0 && label < classes;
    }

    @Override
    public void backward(INDArray[] in, Settings settings, double[] cotangent, INDArray[] gradients) {
        if (gradients[0] == null) {
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
