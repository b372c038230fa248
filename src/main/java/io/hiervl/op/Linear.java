package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * y = activation(x W^T + b) over the last axis. Inputs x (..., in), w (out, in), and b (out) if there is a bias. The backward pass computes
 * the pre-activation again where it needs it instead of keeping it.
 */
@OpName("hiervl_linear")
public record Linear(Activation activation, boolean bias, Precision precision) implements Op {
    @Override
    public long[][] shapes(long[]... in) {
        long[] shape = in[0].clone();
        if (in[1].length != 2 || shape[shape.length - 1] != in[1][1]) {
            throw new IllegalArgumentException("linear layer of " + Arrays.toString(shape) + " with weights " + Arrays.toString(in[1]));
        }
        shape[shape.length - 1] = in[1][0];
        return new long[][] {shape};
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.linear(in[0], in[1], bias ? in[2] : null, activation, out[0]);
    }

    @Override
    public boolean readsRounded(int input) {
        return input == 0 && precision == Precision.BF16;
    }

    @Override
    public boolean writesRounded(int output) {
        return precision == Precision.BF16;
    }

    @Override
    public double flops(long[][] in, boolean[] wanted) {
        return 2.0 * Shapes.product(in[0]) * in[1][0];
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        Gradient op = new Gradient(activation, bias, precision);
        SDVariable x = g.input(0);
        SDVariable w = g.input(1);
        if (activation == Activation.RELU) {
            return g.apply(op, x, w, g.output(0), g.cotangent(0));
        }
        return activation == Activation.NONE || !bias ? g.apply(op, x, w, g.cotangent(0)) : g.apply(op, x, w, g.input(2), g.cotangent(0));
    }

    /** Gradients of x, w and b. Inputs x, w, what the activation needs (its result for RELU, else b), and the cotangent. */
    @OpName("hiervl_linear_bp")
    public record Gradient(Activation activation, boolean bias, Precision precision) implements Op {
        @Override
        public int outputs() {
            return bias ? 3 : 2;
        }

        @Override
        public long[][] shapes(long[]... in) {
            return bias ? new long[][] {in[0], in[1], {in[1][0]}} : new long[][] {in[0], in[1]};
        }

        /** Number of inputs: x, w, the cotangent, and what the activation needs. */
        private int inputs() {
            return activation == Activation.RELU || activation != Activation.NONE && bias ? 4 : 3;
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            kernels.linearGradient(in[0], in[1], inputs() == 4 ? in[2] : null, activation, in[in.length - 1], out[0], out[1],
                bias ? out[2] : null);
        }

        @Override
        public boolean readsRounded(int input) {
            boolean factor = input == 0 || input == inputs() - 1 || input == 2 && activation == Activation.RELU;
            return factor && precision == Precision.BF16;
        }

        @Override
        public boolean writesRounded(int output) {
            return output == 0 && precision == Precision.BF16;
        }

        @Override
        public double flops(long[][] in, boolean[] wanted) {
            boolean again = activation != Activation.NONE && activation != Activation.RELU;
            int products = (wanted[0] ? 1 : 0) + (wanted[1] ? 1 : 0) + (again ? 1 : 0);
            return products * 2.0 * Shapes.product(in[0]) * in[1][0];
        }
    }
}
