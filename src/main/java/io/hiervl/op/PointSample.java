package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Tensor;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** Values (B,C,P) of maps x (B,C,H,W) at points (B,P,2) in [0,1], x first; between pixels bilinear, zero outside. */
@OpName("hiervl_point_sample")
public record PointSample() implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        return new long[][] {{in[0][0], in[0][1], in[1][1]}};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.pointSample(in[0], in[1], out[0]);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        return g.apply(new Gradient(), g.input(0), g.input(1), g.cotangent(0));
    }

    /** Gradients of x and the points. */
    @OpName("hiervl_point_sample_bp")
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
            kernels.pointSampleGradient(in[0], in[1], in[2], out[0], out[1]);
        }
    }
}
