package io.hiervl.loss;

import io.hiervl.op.JavaOp;
import io.hiervl.op.kernel.Parallel;
import io.hiervl.op.kernel.Staging;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What the network believes about weak views (hiervl.md 6.4, 8.3).
 *
 * @param confidence (B,H,W), largest probability
 * @param labels     (B,H,W), its class, the lowest on ties
 */
public record PseudoLabels(INDArray confidence, INDArray labels) {
    /** From scores z (B,K,H,W), whose softmax is the distribution. */
    public static PseudoLabels of(INDArray z) {
        INDArray dense = JavaOp.dense(z);
        int k = (int) z.size(1);
        int pixels = (int) (z.size(2) * z.size(3));
        long[] shape = {z.size(0), z.size(2), z.size(3)};
        INDArray confidence = Nd4j.createUninitialized(z.dataType(), shape);
        INDArray labels = Nd4j.createUninitialized(z.dataType(), shape);
        Parallel.forEach((int) z.size(0), b -> {
            double[] max = new double[pixels];
            double[] best = new double[pixels];
            double[] sum = new double[pixels];
            double[] plane = new double[pixels];
            java.util.Arrays.fill(max, Double.NEGATIVE_INFINITY);
            for (int c = 0; c < k; c++) {
                Staging.read(dense, ((long) b * k + c) * pixels, plane, pixels);
                for (int i = 0; i < pixels; i++) {
                    if (plane[i] > max[i]) {
                        sum[i] = sum[i] * Math.exp(max[i] - plane[i]) + 1;
                        max[i] = plane[i];
                        best[i] = c;
                    } else {
                        sum[i] += Math.exp(plane[i] - max[i]);
                    }
                }
            }
            for (int i = 0; i < pixels; i++) {
                sum[i] = 1 / sum[i];
            }
            Staging.write(sum, pixels, confidence, (long) b * pixels);
            Staging.write(best, pixels, labels, (long) b * pixels);
        });
        return new PseudoLabels(confidence, labels);
    }

    /** From class scores S (B,K,H,W) with P proportional to (S + eps)^(1/temperature). */
    public static PseudoLabels ofScores(INDArray s, double eps, double temperature) {
        double[] v = Maps.read(s);
        for (int i = 0; i < v.length; i++) {
            v[i] = Math.log(v[i] + eps) / temperature;
        }
        return of(Maps.like(s, v));
    }
}
