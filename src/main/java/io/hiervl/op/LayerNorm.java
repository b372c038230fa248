package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;

/** Layer norm over the last axis of x with gamma and beta of its length. */
@OpName("hiervl_layer_norm")
public record LayerNorm(double eps) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {in[0]};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        int columns = (int) in[1].length();
        kernels.layerNorm(in[0], in[1], in[2], out[0], (int) (in[0].length() / columns), columns, eps);
    }

    @Override
    public boolean writesRounded(int output) {
        return true;
    }

    @Override
    public Set<Trait> traits() {
        return Set.of(Trait.CHEAP);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(eps), g.input(0), g.input(1), g.cotangent(0));
    }

    /** Gradients of x, gamma and beta. */
    @OpName("hiervl_layer_norm_bp")
    public record Gradient(double eps) implements Op {
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
            int columns = (int) in[1].length();
            kernels.layerNormGradient(in[0], in[1], in[2], out[0], out[1], out[2], (int) (in[0].length() / columns), columns, eps);
        }
    }
}
