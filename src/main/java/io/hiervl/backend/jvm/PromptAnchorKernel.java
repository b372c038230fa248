package io.hiervl.backend.jvm;

import io.hiervl.backend.HostMath;
import io.hiervl.backend.LossKernel;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;

/**
 * Equation 4: an embedding is tied to its fixed prototype and pushed away from the others. Inputs f (K,C), clip (K,C).
 *
 * @param lambda weight of the repulsion
 * @param power  1 for the distance as printed, 2 for its square
 * @param mean   whether the repulsion is a mean over the other classes, not a sum
 * @param eps    inside the root of distances
 * @param factor of the whole
 */
public record PromptAnchorKernel(double lambda, int power, boolean mean, double eps, double factor) implements LossKernel {
    @Override
    public String name() {
        return "prompt_anchor";
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
        return new double[] {pass(in, 0, null)};
    }

    @Override
    public void backward(HostMath math, Tensor[] in, double[] cotangent, Tensor[] gradients) {
        pass(in, cotangent[0], gradients[0]);
    }

    private double pass(Tensor[] in, double cotangent, Tensor gradient) {
        int k = (int) in[0].size(0);
        int c = (int) in[0].size(1);
        double[] f = Staging.doubles(in[0]);
        double[] clip = Staging.doubles(in[1]);
        double repulsion = lambda / (mean ? Math.max(1, k - 1) : 1);
        boolean squared = power == 2;
        double[] d = new double[k * c];
        double sum = 0;
        for (int i = 0; i < k; i++) {
            double square = square(f, i * c, clip, i * c, c);
            double distance = Math.sqrt(square + eps);
            sum += squared ? distance * distance : distance;
            move(cotangent * factor * (squared ? 2 : 1 / distance), f, i * c, clip, i * c, d, i * c, c);
            for (int j = 0; j < k; j++) {
                if (j != i) {
                    double apart = Math.sqrt(square(f, i * c, f, j * c, c) + eps);
                    sum -= repulsion * Math.log1p(apart);
                    double g = -cotangent * factor * repulsion / ((1 + apart) * apart);
                    move(g, f, i * c, f, j * c, d, i * c, c);
                    move(g, f, j * c, f, i * c, d, j * c, c);
                }
            }
        }
        if (gradient != null) {
            Staging.write(d, gradient);
        }
        return factor * sum;
    }

    private static double square(double[] a, int ai, double[] b, int bi, int n) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            double difference = a[ai + i] - b[bi + i];
            sum += difference * difference;
        }
        return sum;
    }

    private static void move(double factor, double[] a, int ai, double[] b, int bi, double[] d, int di, int n) {
        for (int i = 0; i < n; i++) {
            d[di + i] += factor * (a[ai + i] - b[bi + i]);
        }
    }
}
