package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** Transposed convolution of x (B,in,H,W) with w (in,out,2,2) and b (out), stride 2: the result is (B,out,2H,2W). */
@OpName("hiervl_upconv2x2")
public record UpConv2x2(Precision precision) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        long[] x = in[0];
        long[] w = in[1];
        if (x.length != 4 || w.length != 4 || x[1] != w[0] || w[2] != 2 || w[3] != 2) {
            throw new IllegalArgumentException(
                "2x2 transposed convolution of " + Arrays.toString(x) + " with weights " + Arrays.toString(w));
        }
        return new long[][] {{x[0], w[1], 2 * x[2], 2 * x[3]}};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.upConv2x2(in[0], in[1], in[2], out[0]);
    }

    @Override
    public double flops(long[][] in, boolean[] wanted) {
        return 2.0 * Shapes.product(in[0]) * Shapes.product(in[1]) / in[1][0];
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(precision), g.input(0), g.input(1), g.cotangent(0));
    }

    /** Gradients of x, w and b. */
    @OpName("hiervl_upconv2x2_bp")
    record Gradient(Precision precision) implements Op {
        @Override
        public int outputs() {
            return 3;
        }

        @Override
        public long[][] shapes(long[]... in) {
            return new long[][] {in[0], in[1], {in[1][1]}};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.upConv2x2Gradient(in[0], in[1], in[2], out[0], out[1], out[2]);
        }

        @Override
        public double flops(long[][] in, boolean[] wanted) {
            int products = (wanted[0] ? 1 : 0) + (wanted[1] ? 1 : 0);
            return products * 2.0 * Shapes.product(in[0]) * Shapes.product(in[1]) / in[1][0];
        }
    }
}
