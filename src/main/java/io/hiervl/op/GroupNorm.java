package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;

/** Group norm of x (B,C,...) with gamma and beta (C): each group of channels is normalised over channels and space. */
@OpName("hiervl_group_norm")
public record GroupNorm(int groups, double eps) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        if (in[0][1] % groups != 0 || in[0][1] != Shapes.product(in[1])) {
            throw new IllegalArgumentException(
                "group norm of " + Arrays.toString(in[0]) + " with " + groups + " groups and " + Shapes.product(in[1])
                    + " scales");
        }
        return new long[][] {in[0]};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.groupNorm(in[0], in[1], in[2], out[0], groups, eps);
    }

    @Override
    public Set<Trait> traits() {
        return Set.of(Trait.CHEAP);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(groups, eps), g.input(0), g.input(1), g.cotangent(0));
    }

    /** Gradients of x, gamma and beta. */
    @OpName("hiervl_group_norm_bp")
    record Gradient(int groups, double eps) implements Op {
        @Override
        public int outputs() {
            return 3;
        }

        @Override
        public long[][] shapes(long[]... in) {
            return new long[][] {in[0], in[1], in[1]};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.groupNormGradient(in[0], in[1], in[2], out[0], out[1], out[2], groups, eps);
        }
    }
}
