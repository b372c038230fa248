package io.hiervl.op;

import io.hiervl.op.kernel.KernelChoice;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Softmax over the last axis. */
public final class Softmax extends JavaOp {
    public Softmax() {
    }

    public Softmax(SameDiff sd, SDVariable x) {
        super(sd, x);
    }

    @Override
    public String opName() {
        return "hiervl_softmax";
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
            int columns = (int) in[0].size(in[0].rank() - 1);
            KernelChoice.of(in[0]).softmax(in[0], out[0], (int) (in[0].length() / columns), columns);
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return Arrays.asList(new Bp(sameDiff, outputVariable(), g.get(0)).outputVariables());
    }

    /** Gradient of x from the result and the cotangent. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable y, SDVariable g) {
            super(sd, y, g);
        }

        @Override
        public String opName() {
            return "hiervl_softmax_bp";
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
                int columns = (int) in[0].size(in[0].rank() - 1);
                KernelChoice.of(in[0]).softmaxGradient(in[0], in[1], out[0], (int) (in[0].length() / columns), columns);
            }
        }
    }
}
