package io.hiervl.op;

import io.hiervl.op.kernel.Parallel;
import io.hiervl.op.kernel.Slab;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** x / sqrt(sum x^2 + eps) over the last axis. */
public final class L2Normalize extends JavaOp {
    public L2Normalize() {
    }

    public L2Normalize(SameDiff sd, SDVariable x, double eps) {
        super(sd, x);
        addTArgument(eps);
    }

    @Override
    public String opName() {
        return "hiervl_l2_normalize";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        return new long[][] {in[0].shape()};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] != null) {
            apply(in[0], null, out[0], realArg(0));
        }
    }

    private static void apply(INDArray x, INDArray g, INDArray target, double eps) {
        int n = (int) x.size(x.rank() - 1);
        Slab in = Slab.of(x);
        Slab cotangent = g == null ? null : Slab.of(g);
        Slab out = Slab.of(target);
        Parallel.forRange(x.length() / n, Math.max(1, 16_384 / n), (from, to) -> {
            double[] v = new double[n];
            double[] d = new double[n];
            for (int r = from; r < to; r++) {
                in.get(r * n, v, 0, n);
                double sum = eps;
                for (double e : v) {
                    sum += e * e;
                }
                double inverse = 1 / Math.sqrt(sum);
                for (int i = 0; i < n; i++) {
                    v[i] *= inverse;
                }
                if (cotangent == null) {
                    out.put(r * n, v, 0, n);
                    continue;
                }
                cotangent.get(r * n, d, 0, n);
                double dot = 0;
                for (int i = 0; i < n; i++) {
                    dot += d[i] * v[i];
                }
                for (int i = 0; i < n; i++) {
                    d[i] = inverse * (d[i] - v[i] * dot);
                }
                out.put(r * n, d, 0, n);
            }
        });
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return Arrays.asList(new Bp(sameDiff, arg(0), g.get(0), realArg(0)).outputVariables());
    }

    /** Gradient of x. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable x, SDVariable g, double eps) {
            super(sd, x, g);
            addTArgument(eps);
        }

        @Override
        public String opName() {
            return "hiervl_l2_normalize_bp";
        }

        @Override
        public int getNumOutputs() {
            return 1;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {in[0].shape()};
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            if (out[0] != null) {
                apply(in[0], in[1], out[0], realArg(0));
            }
        }
    }
}
