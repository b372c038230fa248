package io.hiervl.op;

import io.hiervl.op.kernel.Resizer;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Resizes the last two axes of x (B,C,h,w), as torch's interpolate with align_corners False and no antialiasing. */
public final class ResizeOp extends JavaOp {
    public ResizeOp() {
    }

    /** Mode 0 bilinear, 1 bicubic with a = -0.75, 2 nearest with source index floor(dst * in / out). */
    public ResizeOp(SameDiff sd, SDVariable x, int height, int width, int mode) {
        super(sd, x);
        addIArgument(height, width, mode);
    }

    @Override
    public String opName() {
        return "hiervl_resize";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        return new long[][] {{in[0].size(0), in[0].size(1), intArg(0), intArg(1)}};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        resizer(in[0], intArgs()).forward(in[0], out[0]);
    }

    private static Resizer resizer(INDArray x, long[] args) {
        return Resizer.of((int) x.size(2), (int) x.size(3), (int) args[0], (int) args[1], (int) args[2]);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new Backward(sameDiff, arg(0), gradients.get(0), intArgs()).outputVariable());
    }

    /** Adjoint of the resizing. The first input gives only its shape. */
    public static final class Backward extends JavaOp {
        public Backward() {
        }

        Backward(SameDiff sd, SDVariable x, SDVariable cotangent, long[] settings) {
            super(sd, x, cotangent);
            addIArgument(settings);
        }

        @Override
        public String opName() {
            return "hiervl_resize_bp";
        }

        @Override
        public int getNumOutputs() {
            return 1;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {in[0].shape()};
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            resizer(in[0], intArgs()).backward(in[1], out[0]);
        }
    }
}
