package io.hiervl.op;

import io.hiervl.op.kernel.KernelChoice;
import io.hiervl.op.kernel.Precision;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Point-wise activation by code of {@link io.hiervl.op.kernel.Act}. */
public final class ActivationOp extends JavaOp {
    public ActivationOp() {
    }

    public ActivationOp(SameDiff sd, SDVariable x, int activation) {
        this(sd, x, activation, Precision.FP32);
    }

    /** @param precision BF16: of a value that is a factor of rounded products, or comes from such */
    public ActivationOp(SameDiff sd, SDVariable x, int activation, Precision precision) {
        super(sd, x);
        addIArgument(activation, precision.ordinal());
    }

    @Override
    public String opName() {
        return "hiervl_activation";
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
    public boolean readsRounded(int input) {
        return precisionArg(1) == Precision.BF16;
    }

    @Override
    public boolean writesRounded(int output) {
        return precisionArg(1) == Precision.BF16;
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] != null) {
            KernelChoice.of(in[0]).activation(intArg(0), in[0], out[0], (int) in[0].length());
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return Arrays.asList(new Bp(sameDiff, arg(0), g.get(0), intArgs()).outputVariables());
    }

    /** Gradient of x. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable x, SDVariable g, long[] args) {
            super(sd, x, g);
            addIArgument(args);
        }

        @Override
        public String opName() {
            return "hiervl_activation_bp";
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
        public boolean readsRounded(int input) {
            return precisionArg(1) == Precision.BF16;
        }

        @Override
        public boolean writesRounded(int output) {
            return precisionArg(1) == Precision.BF16;
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            if (out[0] != null) {
                KernelChoice.of(in[0]).activationGradient(intArg(0), in[0], in[1], out[0], (int) in[0].length());
            }
        }
    }
}
