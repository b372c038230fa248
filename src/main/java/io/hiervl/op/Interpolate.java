package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Resize;
import io.hiervl.tensor.Tensor;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** Maps x (B,C,h,w) at another size, as {@link Resize} says. */
@OpName("hiervl_resize")
public record Interpolate(int height, int width, Resize mode) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {{in[0][0], in[0][1], height, width}};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.resize(mode, in[0], out[0]);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(height, width, mode), g.input(0), g.cotangent(0));
    }

    /** Gradient of x. */
    @OpName("hiervl_resize_bp")
    public record Gradient(int height, int width, Resize mode) implements Op {
        @Override
        public long[][] shapes(long[]... in) {
            return new long[][] {in[0]};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.resizeGradient(mode, in[1], out[0]);
        }
    }
}
