package io.hiervl.op;

import io.hiervl.op.kernel.KernelChoice;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Layer norm over the last axis: x (..., D), gamma (D), beta (D); biased variance. */
public final class LayerNorm extends JavaOp {
    public LayerNorm() {
    }

    public LayerNorm(SameDiff sd, SDVariable x, SDVariable gamma, SDVariable beta, double eps) {
        super(sd, x, gamma, beta);
        addTArgument(eps);
    }

    @Override
    public String opName() {
        return "hiervl_layer_norm";
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
    public boolean writesRounded(int output) {
        return true;
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] != null) {
            int columns = (int) in[1].length();
            KernelChoice.of(in[0]).layerNorm(in[0], in[1], in[2], out[0], (int) (in[0].length() / columns), columns, realArg(0));
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return Arrays.asList(new Bp(sameDiff, arg(0), arg(1), g.get(0), realArg(0)).outputVariables());
    }

    /** Gradients of x, gamma and beta; statistics are computed again. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable x, SDVariable gamma, SDVariable g, double eps) {
            super(sd, x, gamma, g);
            addTArgument(eps);
        }

        @Override
        public String opName() {
            return "hiervl_layer_norm_bp";
        }

        @Override
        public int getNumOutputs() {
            return 3;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {in[0].shape(), in[1].shape(), in[1].shape()};
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            int columns = (int) in[1].length();
            KernelChoice.of(in[0]).layerNormGradient(in[0], in[1], in[2], out[0], out[1], out[2], (int) (in[0].length() / columns),
                columns, realArg(0));
        }
    }
}
