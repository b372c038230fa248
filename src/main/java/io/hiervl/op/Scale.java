package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;

/** factor x + offset. */
@OpName("hiervl_scale")
public record Scale(double factor, double offset) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {in[0]};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.scale(in[0], factor, offset, out[0]);
    }

    @Override
    public Set<Trait> traits() {
        return Set.of(Trait.CHEAP);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Scale(factor, 0), g.cotangent(0));
    }
}
