package io.hiervl.backend.jvm;

import io.hiervl.backend.HostMath;
import io.hiervl.backend.LossKernel;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;

/**
 * Cross-entropies of patches with text: equation 6 compares the distributions of a masked view with a reference, equation 7 asks for the
 * class of a patch. Inputs x (B,N,C), t (K,C), reference (B,N,C), classes (B,N), weights (B,N).
 *
 * @param tau      temperature of equation 7
 * @param equation which of the two
 */
public record MaskedPatchesKernel(double tau, Equation equation) implements LossKernel {
    /** Which of the two. */
    public enum Equation {
        /** Equation 6. */
        CONSISTENCY,
        /** Equation 7. */
        TEXT
    }

    @Override
    public String name() {
        return "masked_patches";
    }

    @Override
    public int losses() {
        return 1;
    }

    @Override
    public int differentiable() {
        return 2;
    }

    @Override
    public double[] forward(HostMath math, Tensor[] in) {
        return pass(in, null, null);
    }

    @Override
    public void backward(HostMath math, Tensor[] in, double[] cotangent, Tensor[] gradients) {
        pass(in, cotangent, gradients);
    }

    private double[] pass(Tensor[] in, double[] cotangent, Tensor[] gradients) {
        int c = (int) in[0].size(2);
        int classes = (int) in[1].size(0);
        boolean text = equation == Equation.TEXT;
        UnitVectors x = new UnitVectors(Staging.doubles(in[0]), c);
        UnitVectors t = new UnitVectors(Staging.doubles(in[1]), c);
        UnitVectors ref = new UnitVectors(Staging.doubles(in[2]), c);
        double[] labels = Staging.doubles(in[3]);
        double[] weights = Staging.doubles(in[4]);
        double[] dx = new double[x.unit.length];
        double[] dt = new double[t.unit.length];
        double loss = 0;
        double[] logits = new double[classes];
        for (int r = 0; r < labels.length; r++) {
            if (weights[r] == 0 || labels[r] < 0 || labels[r] >= classes) {
                continue;
            }
            if (!text) {
                loss += weights[r] * (1 - UnitVectors.dot(x.unit, r * c, ref.unit, r * c, c));
                if (cotangent != null) {
                    UnitVectors.add(-cotangent[0] * weights[r], ref.unit, r * c, dx, r * c, c);
                }
                continue;
            }
            double max = Double.NEGATIVE_INFINITY;
            for (int k = 0; k < classes; k++) {
                logits[k] = UnitVectors.dot(x.unit, r * c, t.unit, k * c, c) / tau;
                max = Math.max(max, logits[k]);
            }
            double sum = 0;
            for (double l : logits) {
                sum += Math.exp(l - max);
            }
            double total = max + Math.log(sum);
            loss += weights[r] * (total - logits[(int) labels[r]]);
            if (cotangent != null) {
                for (int k = 0; k < classes; k++) {
                    double g = cotangent[0] * weights[r] / tau * (Math.exp(logits[k] - total) - (k == (int) labels[r] ? 1 : 0));
                    UnitVectors.add(g, t.unit, k * c, dx, r * c, c);
                    UnitVectors.add(g, x.unit, r * c, dt, k * c, c);
                }
            }
        }
        if (gradients != null && gradients[0] != null) {
            x.back(dx);
            Staging.write(dx, gradients[0]);
        }
        if (gradients != null && gradients[1] != null) {
            t.back(dt);
            Staging.write(dt, gradients[1]);
        }
        return new double[] {loss};
    }
}
