package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;

/** The same values, through which no gradient flows. */
@OpName("hiervl_stop_gradient")
public record StopGradient() implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {in[0]};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.copy(in[0], out[0]);
    }

    @Override
    public Set<Trait> traits() {
        return Set.of(Trait.ALIAS, Trait.CUT);
    }

    /** SameDiff insists on a gradient for every variable on the way, so this is an array of zeros. */
    @Override
    public List<SDVariable> gradient(Backward g) {
        return List.of(g.zeros(g.cotangent(0)));
    }

    /** Zeros in the shape of the input. */
    @OpName("hiervl_zeros")
    public record Zeros() implements Op {
        @Override
        public long[][] shapes(long[]... in) {
            return new long[][] {in[0]};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.fill(out[0], 0);
        }

        @Override
        public Set<Trait> traits() {
            return Set.of(Trait.ZEROS);
        }
    }
}
