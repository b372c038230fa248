package io.hiervl.op;

import io.hiervl.op.kernel.Parallel;
import io.hiervl.op.kernel.Slab;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Sum of all elements of x, of the given static shape; the result has shape (1). */
public final class SumAll extends JavaOp {
    private static final int PART = 32_768;

    public SumAll() {
    }

    public SumAll(SameDiff sd, SDVariable x, long[] shape) {
        super(sd, x);
        addIArgument(Shapes.encode(shape));
    }

    @Override
    public String opName() {
        return "hiervl_sum";
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
        if (out[0] == null) {
            return;
        }
        Slab x = Slab.of(in[0]);
        double[] parts = new double[Parallel.parts(in[0].length(), PART)];
        Parallel.forParts(in[0].length(), PART, (part, from, to) -> parts[part] = Reductions.sum(x, from, to - from));
        double total = 0;
        for (double part : parts) {
            total += part;
        }
        Slab.of(out[0]).put(0, total);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return List.of(new Repeat(sameDiff, g.get(0), new long[] {1}, Shapes.decode(intArgs(), 0)).outputVariable());
    }
}
