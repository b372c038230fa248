package io.hiervl.op;

import io.hiervl.op.kernel.KernelChoice;
import io.hiervl.op.kernel.Kernels;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** log(x + eps). */
public final class LogOp extends JavaOp {
    /** Below this length plain Java costs nothing. */
    private static final int SMALL = 4096;

    public LogOp() {
    }

    public LogOp(SameDiff sd, SDVariable x, double eps) {
        super(sd, x);
        addTArgument(eps);
    }

    @Override
    public String opName() {
        return "hiervl_log";
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
            double eps = realArg(0);
            Kernels kernels = KernelChoice.of(in[0]);
            // oneDNN's logarithm is a little less exact, and of NaN it is a harmless number: a broken network must not look healthy
            if (in[0].length() < SMALL || Reductions.anyNaN(in[0]) || !kernels.map(Kernels.Function.linear(1, eps), in[0], out[0], in[0].length())) {
                Pointwise.map(in[0], out[0], (v, n) -> {
                    for (int i = 0; i < n; i++) {
                        v[i] = Math.log(v[i] + eps);
                    }
                });
            } else {
                kernels.map(Kernels.Function.LOG, out[0], out[0], in[0].length());
            }
        }
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
            return "hiervl_log_bp";
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
                double eps = realArg(0);
                Kernels kernels = KernelChoice.of(in[0]);
                long[] length = {in[0].length()};
                if (!kernels.map(Kernels.Function.linear(1, eps), in[0], out[0], length[0])) {
                    Pointwise.zip(in[0], in[1], out[0], (x, g, n) -> {
                        for (int i = 0; i < n; i++) {
                            x[i] = g[i] / (x[i] + eps);
                        }
                    });
                } else {
                    kernels.zip(Kernels.Arithmetic.DIVIDE, in[1], out[0], out[0], length, new boolean[1]);
                }
            }
        }
    }
}
