package io.hiervl.backend.jvm;

import io.hiervl.backend.HostMath;
import io.hiervl.backend.LossKernel;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;

/** Inputs logit (B,K), presence (B,K), weights (B). */
public record GateBceKernel() implements LossKernel {
    @Override
    public String name() {
        return "gate_bce";
    }

    @Override
    public int losses() {
        return 1;
    }

    @Override
    public int differentiable() {
        return 1;
    }

    /** Factor of every element's cross-entropy. */
    private static double[] factors(double[] presence, double[] weights, int classes) {
        double[] factors = new double[presence.length];
        for (int b = 0; b < weights.length; b++) {
            int present = 0;
            for (int k = 0; k < classes; k++) {
                present += presence[b * classes + k] > 0.5 ? 1 : 0;
            }
            for (int k = 0; k < classes; k++) {
                int group = presence[b * classes + k] > 0.5 ? present : classes - present;
                factors[b * classes + k] = 0.5 * weights[b] / group;
            }
        }
        return factors;
    }

    @Override
    public double[] forward(HostMath math, Tensor[] in) {
        double[] logit = Staging.doubles(in[0]);
        double[] presence = Staging.doubles(in[1]);
        double[] factors = factors(presence, Staging.doubles(in[2]), (int) in[0].size(1));
        double sum = 0;
        for (int i = 0; i < logit.length; i++) {
            sum += factors[i] * PointLoss.crossEntropy(logit[i], presence[i]);
        }
        return new double[] {sum};
    }

    @Override
    public void backward(HostMath math, Tensor[] in, double[] cotangent, Tensor[] gradients) {
        if (gradients[0] == null) {
            return;
        }
        double[] logit = Staging.doubles(in[0]);
        double[] presence = Staging.doubles(in[1]);
        double[] factors = factors(presence, Staging.doubles(in[2]), (int) in[0].size(1));
        for (int i = 0; i < logit.length; i++) {
            logit[i] = cotangent[0] * factors[i] * (PointLoss.sigmoid(logit[i]) - presence[i]);
        }
        Staging.write(logit, gradients[0]);
    }
}
