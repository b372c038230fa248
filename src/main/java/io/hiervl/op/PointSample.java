package io.hiervl.op;

import io.hiervl.op.kernel.PointSampler;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Samples maps at points as Mask2Former does: x (B,C,H,W), points (B,P,2) with (x,y) in [0,1]; result (B,C,P), bilinear,
 * zeros outside, align_corners False. Both inputs are differentiable.
 */
public final class PointSample extends JavaOp {
    public PointSample() {
    }

    public PointSample(SameDiff sd, SDVariable x, SDVariable points) {
        super(sd, x, points);
    }

    @Override
    public String opName() {
        return "hiervl_point_sample";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        return new long[][] {{in[0].size(0), in[0].size(1), in[1].size(1)}};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        PointSampler.forward(in[0], in[1], out[0]);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return Arrays.asList(new Backward(sameDiff, arg(0), arg(1), gradients.get(0)).outputVariables());
    }

    /** Gradients of maps and points. */
    public static final class Backward extends JavaOp {
        public Backward() {
        }

        Backward(SameDiff sd, SDVariable x, SDVariable points, SDVariable cotangent) {
            super(sd, x, points, cotangent);
        }

        @Override
        public String opName() {
            return "hiervl_point_sample_bp";
        }

        @Override
        public int getNumOutputs() {
            return 2;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {in[0].shape(), in[1].shape()};
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            PointSampler.backward(in[0], in[1], in[2], out[0], out[1]);
        }
    }
}
