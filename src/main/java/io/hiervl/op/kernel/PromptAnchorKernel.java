package io.hiervl.op.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Inputs f (K,C), clip (K,C); ints: power, mean; reals: lambda, eps, factor. */
public final class PromptAnchorKernel implements LossKernel {
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
    public double[] forward(INDArray[] in, Settings settings) {
        return new double[] {pass(in, settings, 0, null)};
    }

    @Override
    public void backward(INDArray[] in, Settings settings, double[] cotangent, INDArray[] gradients) {
        pass(in, settings, cotangent[0], gradients[0]);
    }

    private static double pass(INDArray[] in, Settings settings, double cotangent, INDArray gradient) {
        int k = (int) in[0].size(0);
        int c = (int) in[0].size(1);
        double[] f = Staging.doubles(in[0]);
        double[] clip = Staging.doubles(in[1]);
        double eps = settings.reals()[1];
        double factor = settings.reals()[2];
        double lambda = settings.reals()[0] / (settings.flag(1) ? Math.max(1, k - 1) : 1);
        boolean squared = settings.integer(0) == 2;
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
                    sum -= lambda * Math.log1p(apart);
                    double g = -cotangent * factor * lambda / ((1 + apart) * apart);
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
