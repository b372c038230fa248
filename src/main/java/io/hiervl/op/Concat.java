package io.hiervl.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Arrays side by side along an axis; the lengths along the axis are static. */
public final class Concat extends JavaOp {
    public Concat() {
    }

    public Concat(SameDiff sd, int axis, long[] sizes, SDVariable... x) {
        super(sd, x);
        addIArgument(axis);
        addIArgument(sizes);
    }

    @Override
    public String opName() {
        return "hiervl_concat";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        long[] shape = in[0].shape().clone();
        for (int i = 1; i < in.length; i++) {
            shape[intArg(0)] += in[i].size(intArg(0));
        }
        return new long[][] {shape};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        long at = 0;
        for (int i = 0; i < in.length && out[0] != null; i++) {
            Blocks.copy(in[i], 0, out[0], at, in[i].size(intArg(0)), intArg(0));
            at += in[i].size(intArg(0));
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        long[] args = intArgs();
        List<SDVariable> result = new ArrayList<>();
        long at = 0;
        long total = Arrays.stream(args).skip(1).sum();
        for (int i = 1; i < args.length; i++) {
            result.add(new Slice(sameDiff, g.get(0), (int) args[0], at, at + args[i], total).outputVariable());
            at += args[i];
        }
        return result;
    }
}
