package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** log(x + eps). */
@OpName("hiervl_log")
public record Log(double eps) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {in[0]};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.log(in[0], out[0], eps);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(eps), g.input(0), g.cotangent(0));
    }

    /** Gradient of x. */
    @OpName("hiervl_log_bp")
    public record Gradient(double eps) implements Op {
        @Override
        public long[][] shapes(long[]... in) {
            return new long[][] {in[0]};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.logGradient(in[0], in[1], out[0], eps);
        }
    }
}
