package io.hiervl.op;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The same elements in c order under another static shape. */
public final class Reshape extends JavaOp {
    public Reshape() {
    }

    public Reshape(SameDiff sd, SDVariable x, long[] from, long[] to) {
        super(sd, x);
        addIArgument(Shapes.encode(from, to));
    }

    @Override
    public String opName() {
        return "hiervl_reshape";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        return new long[][] {Shapes.decode(intArgs(), 1)};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] != null) {
            Pointwise.copy(in[0], out[0]);
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return List.of(new Reshape(sameDiff, g.get(0), Shapes.decode(intArgs(), 1), Shapes.decode(intArgs(), 0)).outputVariable());
    }
}
