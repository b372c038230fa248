package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;

/** Point-wise activation. With BF16 its value is a factor of rounded products, or comes from such. */
@OpName("hiervl_activation")
public record ActivationOp(Activation activation, Precision precision) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {in[0]};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.activation(activation, in[0], out[0], (int) in[0].length());
    }

    @Override
    public boolean readsRounded(int input) {
        return precision == Precision.BF16;
    }

    @Override
    public boolean writesRounded(int output) {
        return precision == Precision.BF16;
    }

    @Override
    public Set<Trait> traits() {
        return Set.of(Trait.CHEAP);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(activation, precision), g.input(0), g.cotangent(0));
    }

    /** Gradient of x. */
    @OpName("hiervl_activation_bp")
    public record Gradient(Activation activation, Precision precision) implements Op {
        @Override
        public long[][] shapes(long[]... in) {
            return new long[][] {in[0]};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.activationGradient(activation, in[0], in[1], out[0], (int) in[0].length());
        }

        @Override
        public boolean readsRounded(int input) {
            return precision == Precision.BF16;
        }

        @Override
        public boolean writesRounded(int output) {
            return precision == Precision.BF16;
        }
    }
}
