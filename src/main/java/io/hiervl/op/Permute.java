package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** Axes in another order: axis i of the result is axis axes[i] of x. */
@OpName("hiervl_permute")
public record Permute(int[] axes) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {Arrays.stream(axes).mapToLong(axis -> in[0][axis]).toArray()};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.permute(in[0], axes, out[0]);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        int[] inverse = new int[axes.length];
        for (int i = 0; i < axes.length; i++) {
            inverse[axes[i]] = i;
        }
        return g.apply(new Permute(inverse), g.cotangent(0));
    }
}
