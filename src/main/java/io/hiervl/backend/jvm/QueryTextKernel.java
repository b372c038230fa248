package io.hiervl.backend.jvm;

import io.hiervl.backend.HostMath;
import io.hiervl.backend.LossKernel;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;

/**
 * Equation 2: a query stays near the text of its class. Inputs x (B,Q,C), t (K,C), rowClass (B,Q), weights (B,Q).
 *
 * @param normalise whether rows are made unit vectors
 * @param detach    whether t gets no gradient
 */
public record QueryTextKernel(boolean normalise, boolean detach) implements LossKernel {
    @Override
    public String name() {
        return "query_text";
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
        return new double[] {pass(in, 0, null)};
    }

    @Override
    public void backward(HostMath math, Tensor[] in, double[] cotangent, Tensor[] gradients) {
        pass(in, cotangent[0], gradients);
    }

    private double pass(Tensor[] in, double cotangent, Tensor[] gradients) {
        int c = (int) in[0].size(2);
        int classes = (int) in[1].size(0);
        double[] x = Staging.doubles(in[0]);
        double[] t = Staging.doubles(in[1]);
        double[] rowClass = Staging.doubles(in[2]);
        double[] weights = Staging.doubles(in[3]);
        UnitVectors ux = normalise ? new UnitVectors(x, c) : null;
        UnitVectors ut = normalise ? new UnitVectors(t, c) : null;
        double[] a = normalise ? ux.unit : x;
        double[] b = normalise ? ut.unit : t;
        double[] da = gradients == null ? null : new double[x.length];
        double[] db = gradients == null ? null : new double[t.length];
        double sum = 0;
        for (int r = 0; r < rowClass.length; r++) {
            if (weights[r] == 0 || rowClass[r] < 0 || rowClass[r] >= classes) {
                continue;
            }
            int k = (int) rowClass[r];
            for (int i = 0; i < c; i++) {
                double difference = a[r * c + i] - b[k * c + i];
                sum += weights[r] * difference * difference;
                if (gradients != null) {
                    da[r * c + i] += 2 * cotangent * weights[r] * difference;
                    db[k * c + i] -= 2 * cotangent * weights[r] * difference;
                }
            }
        }
        if (gradients != null && gradients[0] != null) {
            if (normalise) {
                ux.back(da);
            }
            Staging.write(da, gradients[0]);
        }
        if (gradients != null && gradients[1] != null) {
            if (detach) {
                db = new double[t.length];
            } else if (normalise) {
                ut.back(db);
            }
            Staging.write(db, gradients[1]);
        }
        return sum;
    }
}
