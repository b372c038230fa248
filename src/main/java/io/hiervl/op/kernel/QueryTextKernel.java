package io.hiervl.op.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Inputs x (B,Q,C), t (K,C), rowClass (B,Q), weights (B,Q); ints: normalise, detach. */
public final class QueryTextKernel implements LossKernel {
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
    public double[] forward(INDArray[] in, Settings settings) {
        return new double[] {pass(in, settings, 0, null)};
    }

    @Override
    public void backward(INDArray[] in, Settings settings, double[] cotangent, INDArray[] gradients) {
        pass(in, settings, cotangent[0], gradients);
    }

    private static double pass(INDArray[] in, Settings settings, double cotangent, INDArray[] gradients) {
        int c = (int) in[0].size(2);
        int classes = (int) in[1].size(0);
        double[] x = Staging.doubles(in[0]);
        double[] t = Staging.doubles(in[1]);
        double[] rowClass = Staging.doubles(in[2]);
        double[] weights = Staging.doubles(in[3]);
        boolean normalise = settings.flag(0);
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
            if (settings.flag(1)) {
                db = new double[t.length];
            } else if (normalise) {
                ut.back(db);
            }
            Staging.write(db, gradients[1]);
        }
        return sum;
    }
}
