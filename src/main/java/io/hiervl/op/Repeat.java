package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** x repeated along axes of length 1, and along missing leading axes; static shapes. */
@OpName("hiervl_broadcast")
public record Repeat(long[] from, long[] to) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {to.clone()};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.repeat(in[0], out[0]);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(from, to), g.cotangent(0));
    }

    /** Sums of the cotangent over the repeated axes. */
    @OpName("hiervl_broadcast_bp")
    public record Gradient(long[] from, long[] to) implements Op {
        @Override
        public long[][] shapes(long[]... in) {
            return new long[][] {from.clone()};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.repeatGradient(in[0], out[0]);
        }
    }
}
