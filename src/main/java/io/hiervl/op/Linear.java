package io.hiervl.op;

import io.hiervl.op.kernel.Act;
import io.hiervl.op.kernel.KernelChoice;
import io.hiervl.op.kernel.Kernels;
import io.hiervl.op.kernel.Matmul;
import io.hiervl.op.kernel.Operand;
import io.hiervl.op.kernel.Precision;
import io.hiervl.op.kernel.Scratch;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * y = act(x W^T + b) over the last axis. x (..., in), w (out, in), b (out) or absent; activation is a code of
 * {@link Act}. The backward pass computes the pre-activation again where it needs it instead of keeping it.
 */
public final class Linear extends JavaOp {
    public Linear() {
    }

    public Linear(SameDiff sd, SDVariable x, SDVariable w, SDVariable b, int activation, Precision precision) {
        super(sd, b == null ? new SDVariable[] {x, w} : new SDVariable[] {x, w, b});
        addIArgument(activation, b == null ? 0 : 1, precision.ordinal());
    }

    @Override
    public String opName() {
        return "hiervl_linear";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        long[] shape = in[0].shape().clone();
        if (in[1].rank() != 2 || shape[shape.length - 1] != in[1].size(1)) {
            throw new IllegalArgumentException("linear layer of " + Arrays.toString(shape) + " with weights " + Arrays.toString(in[1].shape()));
        }
        shape[shape.length - 1] = in[1].size(0);
        return new long[][] {shape};
    }

    @Override
    public boolean readsRounded(int input) {
        return input == 0 && precisionArg(2) == Precision.BF16;
    }

    @Override
    public boolean writesRounded(int output) {
        return precisionArg(2) == Precision.BF16;
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] != null) {
            forward(KernelChoice.of(in[0], precisionArg(2)), in[0], in[1], intArg(1) == 1 ? in[2] : null, intArg(0), out[0]);
        }
    }

    private static void forward(Kernels kernels, INDArray x, INDArray w, INDArray b, int activation, INDArray y) {
        int k = (int) w.size(1);
        int n = (int) w.size(0);
        int m = (int) (x.length() / k);
        kernels.matmul(Matmul.of(m, k, n).bias(b).activated(activation), Operand.matrix(x, k), Operand.transposed(w, k),
            Operand.matrix(y, n));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        boolean bias = intArg(1) == 1;
        return Arrays.asList(new Bp(sameDiff, arg(0), arg(1), bias ? arg(2) : null, outputVariable(), g.get(0), intArg(0), precisionArg(2)).outputVariables());
    }

    /** Gradients of x, w and b. Inputs x, w, what the activation needs (its result for RELU, else b), and the cotangent. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable x, SDVariable w, SDVariable b, SDVariable y, SDVariable g, int activation, Precision precision) {
            super(sd, inputs(x, w, b, y, g, activation));
            addIArgument(activation, b == null ? 0 : 1, precision.ordinal());
        }

        private static SDVariable[] inputs(SDVariable x, SDVariable w, SDVariable b, SDVariable y, SDVariable g, int activation) {
            if (activation == Act.RELU) {
                return new SDVariable[] {x, w, y, g};
            }
            return activation == Act.NONE || b == null ? new SDVariable[] {x, w, g} : new SDVariable[] {x, w, b, g};
        }

        @Override
        public String opName() {
            return "hiervl_linear_bp";
        }

        @Override
        public int getNumOutputs() {
            // before the arguments are set SameDiff may ask too
            return iArguments.size() > 1 && intArg(1) == 1 ? 3 : 2;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            long[] x = in[0].shape();
            long[] w = in[1].shape();
            return intArg(1) == 1 ? new long[][] {x, w, {w[0]}} : new long[][] {x, w};
        }

        @Override
        public boolean readsRounded(int input) {
            boolean factor = input == 0 || input == inputCount() - 1 || input == 2 && intArg(0) == Act.RELU;
            return factor && precisionArg(2) == Precision.BF16;
        }

        /** Number of inputs: x, w, the cotangent, and what the activation needs. */
        private int inputCount() {
            return intArg(0) == Act.RELU || intArg(0) != Act.NONE && intArg(1) == 1 ? 4 : 3;
        }

        @Override
        public boolean writesRounded(int output) {
            return output == 0 && precisionArg(2) == Precision.BF16;
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            INDArray x = in[0];
            INDArray w = in[1];
            int activation = intArg(0);
            int k = (int) w.size(1);
            int n = (int) w.size(0);
            int m = (int) (x.length() / k);
            Kernels kernels = KernelChoice.of(x, precisionArg(2));
            INDArray g = in[in.length - 1];
            if (activation == Act.RELU) {
                INDArray dz = Scratch.get("linear", kernels.factorType(w), (long) m * n);
                kernels.activationGradient(activation, in[2], g, dz, m * n);
                g = dz;
            } else if (activation != Act.NONE) {
                INDArray dz = Scratch.get("linear", w.dataType(), (long) m * n);
                forward(kernels, x, w, intArg(1) == 1 ? in[2] : null, Act.NONE, dz);
                kernels.activationGradient(activation, dz, g, dz, m * n);
                g = dz;
            }
            INDArray factor = out[0] != null && out[1] != null ? kernels.factor(g, (long) m * n, "linear") : g;
            if (out[0] != null) {
                kernels.matmul(Matmul.of(m, n, k), Operand.matrix(factor, n), Operand.matrix(w, k), Operand.matrix(out[0], k));
            }
            boolean bias = out.length > 2 && out[2] != null;
            if (out[1] != null && bias && kernels.linearGradient(x, factor, out[1], out[2], m, k, n)) {
                return;
            }
            if (out[1] != null) {
                kernels.matmul(Matmul.of(n, m, k), Operand.transposed(factor, n), Operand.matrix(x, k), Operand.matrix(out[1], k));
            }
            if (bias) {
                Reductions.columnSums(g, m, n, out[2]);
            }
        }
    }
}
