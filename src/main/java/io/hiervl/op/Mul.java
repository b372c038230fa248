package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** a b with numpy's broadcasting. */
@OpName("hiervl_mul")
public record Mul() implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {Shapes.broadcast(in[0], in[1])};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.multiply(in[0], in[1], out[0]);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(), g.input(0), g.input(1), g.cotangent(0));
    }

    /** Gradients of a and b. */
    @OpName("hiervl_mul_bp")
    public record Gradient() implements Op {
        @Override
        public int outputs() {
            return 2;
        }

        @Override
        public long[][] shapes(long[]... in) {
            return new long[][] {in[0], in[1]};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            for (int i = 0; i < 2; i++) {
                if (out[i] != null) {
                    kernels.multiplyGradient(in[1 - i], in[2], out[i]);
                }
            }
        }
    }
}
