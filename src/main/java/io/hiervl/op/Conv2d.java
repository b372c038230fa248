package io.hiervl.op;

import io.hiervl.backend.ConvShape;
import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** Convolution of x (B,in,H,W) with w (out,in,kh,kw), and b (out) if there is a bias; stride and padding equal in both directions. */
@OpName("hiervl_conv2d")
public record Conv2d(int stride, int padding, boolean bias, Precision precision) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        ConvShape s = ConvShape.of(in[0], in[1], stride, padding);
        return new long[][] {{s.batch(), s.out(), s.outHeight(), s.outWidth()}};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.conv2d(ConvShape.of(in[0].shape(), in[1].shape(), stride, padding), in[0], in[1], bias ? in[2] : null, out[0]);
    }

    @Override
    public double flops(long[][] in, boolean[] wanted) {
        return 2.0 * Shapes.product(shapes(in)[0]) * Shapes.product(in[1]) / in[1][0];
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(stride, padding, bias, precision), g.input(0), g.input(1), g.cotangent(0));
    }

    /** Gradients of x, w and b. */
    @OpName("hiervl_conv2d_bp")
    public record Gradient(int stride, int padding, boolean bias, Precision precision) implements Op {
        @Override
        public int outputs() {
            return bias ? 3 : 2;
        }

        @Override
        public long[][] shapes(long[]... in) {
            return bias ? new long[][] {in[0], in[1], {in[1][0]}} : new long[][] {in[0], in[1]};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.conv2dGradient(ConvShape.of(in[0].shape(), in[1].shape(), stride, padding), in[0], in[1], in[2], out[0], out[1],
                bias ? out[2] : null);
        }

        @Override
        public double flops(long[][] in, boolean[] wanted) {
            int products = (wanted[0] ? 1 : 0) + (wanted[1] ? 1 : 0);
            return products * 2.0 * Shapes.product(in[2]) * Shapes.product(in[1]) / in[1][0];
        }
    }
}
