package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** Arrays side by side along an axis; the lengths along the axis are static. */
@OpName("hiervl_concat")
public record Concat(int axis, long[] sizes) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        long[] shape = in[0].clone();
        for (int i = 1; i < in.length; i++) {
            shape[axis] += in[i][axis];
        }
        return new long[][] {shape};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.concat(in, axis, out[0]);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        List<SDVariable> result = new ArrayList<>();
        long total = Arrays.stream(sizes).sum();
        long at = 0;
        for (long size : sizes) {
            result.addAll(g.apply(new Slice(axis, at, at + size, total), g.cotangent(0)));
            at += size;
        }
        return result;
    }
}
