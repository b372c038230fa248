package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** Softmax over the last axis. */
@OpName("hiervl_softmax")
public record Softmax() implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {in[0]};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        int columns = (int) in[0].columns();
        kernels.softmax(in[0], out[0], (int) (in[0].length() / columns), columns);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(), g.output(0), g.cotangent(0));
    }

    /** Gradient of x. */
    @OpName("hiervl_softmax_bp")
    public record Gradient() implements Op {
        @Override
        public long[][] shapes(long[]... in) {
            return new long[][] {in[0]};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            int columns = (int) in[0].columns();
            kernels.softmaxGradient(in[0], in[1], out[0], (int) (in[0].length() / columns), columns);
        }
    }
}
