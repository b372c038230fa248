package io.hiervl.op;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The same values, through which no gradient flows. */
public final class StopGradient extends JavaOp {
    public StopGradient() {
    }

    public StopGradient(SameDiff sd, SDVariable x) {
        super(sd, x);
    }

    @Override
    public String opName() {
        return "hiervl_stop_gradient";
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
            Pointwise.copy(in[0], out[0]);
        }
    }

    /** SameDiff insists on a gradient for every variable on the way, so this is an array of zeros. */
    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return List.of(new Zeros(sameDiff, g.get(0)).outputVariable());
    }

    /** Zeros in the shape of the input. */
    public static final class Zeros extends JavaOp {
        public Zeros() {
        }

        Zeros(SameDiff sd, SDVariable x) {
            super(sd, x);
        }

        @Override
        public String opName() {
            return "hiervl_zeros";
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
                out[0].assign(0);
            }
        }
    }
}
