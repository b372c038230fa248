package io.hiervl.op;

import io.hiervl.op.kernel.KernelChoice;
import io.hiervl.op.kernel.Kernels;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** factor * x + offset. */
public final class Scale extends JavaOp {
    public Scale() {
    }

    public Scale(SameDiff sd, SDVariable x, double factor, double offset) {
        super(sd, x);
        addTArgument(factor, offset);
    }

    @Override
    public String opName() {
        return "hiervl_scale";
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
            double factor = realArg(0);
            double offset = realArg(1);
            if (KernelChoice.of(in[0]).map(Kernels.Function.linear(factor, offset), in[0], out[0], in[0].length())) {
                return;
            }
            Pointwise.map(in[0], out[0], (v, n) -> {
                for (int i = 0; i < n; i++) {
                    v[i] = factor * v[i] + offset;
                }
            });
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return Arrays.asList(new Scale(sameDiff, g.get(0), realArg(0), 0).outputVariables());
    }
}
