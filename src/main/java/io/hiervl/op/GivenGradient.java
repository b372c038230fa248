package io.hiervl.op;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A loss that is never computed, only its gradient: y (any shape) gets the cotangent g of the same shape, as it lies. What
 * PyTorch calls {@code y.backward(g)}; for measuring a backward pass without the cost of a sum. Its value is 0.
 */
public final class GivenGradient extends JavaOp {
    public GivenGradient() {
    }

    /** g must be a constant of the shape of y. */
    public GivenGradient(SameDiff sd, SDVariable y, SDVariable g) {
        super(sd, y, g);
    }

    @Override
    public String opName() {
        return "hiervl_given_gradient";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        return new long[][] {{1}};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] != null) {
            out[0].assign(0);
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return List.of(new Rename(sameDiff, arg(1)).outputVariable());
    }
}
