package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** Sum of all elements of x, whose shape is static; a scalar (1). */
@OpName("hiervl_sum")
public record Sum(long[] shape) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {{1}};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.sum(in[0], out[0]);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Repeat(new long[] {1}, shape), g.cotangent(0));
    }
}
