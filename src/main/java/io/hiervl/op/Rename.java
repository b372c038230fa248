package io.hiervl.op;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The same values under another name: SameDiff renames gradients, so two inputs cannot share one. */
public final class Rename extends JavaOp {
    public Rename() {
    }

    public Rename(SameDiff sd, SDVariable x) {
        super(sd, x);
    }

    @Override
    public String opName() {
        return "hiervl_rename";
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

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return List.of(new Rename(sameDiff, g.get(0)).outputVariable());
    }
}
