package io.hiervl.op;

import io.hiervl.op.kernel.ConvShape;
import io.hiervl.op.kernel.KernelChoice;
import io.hiervl.op.kernel.Precision;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Convolution of x (B,in,H,W) with w (out,in,kh,kw) and b (out) or none; stride and padding equal in both directions. */
public final class Conv2d extends JavaOp {
    public Conv2d() {
    }

    public Conv2d(SameDiff sd, SDVariable x, SDVariable w, SDVariable b, int stride, int padding, Precision precision) {
        super(sd, b == null ? new SDVariable[] {x, w} : new SDVariable[] {x, w, b});
        addIArgument(stride, padding, b == null ? 0 : 1, precision.ordinal());
    }

    @Override
    public String opName() {
        return "hiervl_conv2d";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    /** Shape of the result. */
    public static long[] resultShape(long[] x, long[] w, int stride, int padding) {
        ConvShape s = ConvShape.of(x, w, stride, padding);
        return new long[] {s.batch(), s.out(), s.outHeight(), s.outWidth()};
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        return new long[][] {resultShape(in[0].shape(), in[1].shape(), intArg(0), intArg(1))};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] != null) {
            ConvShape s = ConvShape.of(in[0].shape(), in[1].shape(), intArg(0), intArg(1));
            KernelChoice.of(in[0], precisionArg(3)).conv2d(s, in[0], in[1], intArg(2) == 1 ? in[2] : null, out[0]);
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return Arrays.asList(new Bp(sameDiff, arg(0), arg(1), g.get(0), intArgs()).outputVariables());
    }

    /** Gradients of x, w and b. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable x, SDVariable w, SDVariable g, long[] args) {
            super(sd, x, w, g);
            addIArgument(args);
        }

        @Override
        public String opName() {
            return "hiervl_conv2d_bp";
        }

        @Override
        public int getNumOutputs() {
            return iArguments.size() > 2 && intArg(2) == 1 ? 3 : 2;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            long[] x = in[0].shape();
            long[] w = in[1].shape();
            return intArg(2) == 1 ? new long[][] {x, w, {w[0]}} : new long[][] {x, w};
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            ConvShape s = ConvShape.of(in[0].shape(), in[1].shape(), intArg(0), intArg(1));
            KernelChoice.of(in[0], precisionArg(3)).conv2dGradient(s, in[0], in[1], in[2], out[0], out[1]);
            if (out.length > 2 && out[2] != null) {
                Reductions.channelSums(in[2], s.batch(), s.out(), s.outHeight() * s.outWidth(), out[2]);
            }
        }
    }
}
