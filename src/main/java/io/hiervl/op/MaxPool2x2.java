package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** Largest of every 2 x 2 values of the last two axes. */
@OpName("hiervl_maxpool2x2")
public record MaxPool2x2() implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        long[] s = in[0].clone();
        s[s.length - 1] /= 2;
        s[s.length - 2] /= 2;
        return new long[][] {s};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.maxPool2x2(in[0], out[0]);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(), g.input(0), g.cotangent(0));
    }

    /** Gradient of x. */
    @OpName("hiervl_maxpool2x2_bp")
    public record Gradient() implements Op {
        @Override
        public long[][] shapes(long[]... in) {
            return new long[][] {in[0]};
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.maxPool2x2Gradient(in[0], in[1], out[0]);
        }
    }
}
