package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Matrix product of the last two axes, either operand transposed on request. Leading axes are equal, or b has rank 2 and serves all
 * matrices of a.
 */
@OpName("hiervl_bmm")
public record BatchedMatmul(boolean transposeA, boolean transposeB, Precision precision) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {Shapes.product(in[0], in[1], transposeA, transposeB)};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.batchedProduct(in[0], in[1], transposeA, transposeB, out[0]);
    }

    @Override
    public boolean readsRounded(int input) {
        return precision == Precision.BF16;
    }

    @Override
    public double flops(long[][] in, boolean[] wanted) {
        return 2.0 * Shapes.product(shapes(in)[0]) * in[0][transposeA ? in[0].length - 2 : in[0].length - 1];
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(transposeA, transposeB, precision), g.input(0), g.input(1), g.cotangent(0));
    }

    /** Gradients of a and b. */
    @OpName("hiervl_bmm_bp")
    record Gradient(boolean transposeA, boolean transposeB, Precision precision) implements Op {
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
            kernels.batchedProductGradient(in[0], in[1], transposeA, transposeB, in[2], out[0], out[1]);
        }

        @Override
        public boolean readsRounded(int input) {
            return precision == Precision.BF16;
        }

        @Override
        public double flops(long[][] in, boolean[] wanted) {
            int products = (wanted[0] ? 1 : 0) + (wanted[1] ? 1 : 0);
            return products * new BatchedMatmul(transposeA, transposeB, precision).flops(in, wanted);
        }
    }
}
