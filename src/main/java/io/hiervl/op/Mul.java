package io.hiervl.op;

import io.hiervl.op.kernel.Kernels;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** a * b with numpy broadcasting. */
public final class Mul extends JavaOp {
    public Mul() {
    }

    public Mul(SameDiff sd, SDVariable a, SDVariable b) {
        super(sd, a, b);
    }

    @Override
    public String opName() {
        return "hiervl_mul";
    }

    @Override
    public int getNumOutputs() {
        return 1;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        return new long[][] {Shapes.broadcast(in[0].shape(), in[1].shape())};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        if (out[0] != null) {
            multiply(in[0], in[1], out[0]);
        }
    }

    private static void multiply(INDArray x, INDArray y, INDArray target) {
        new BroadcastPlan(x.shape(), y.shape()).zip(Kernels.Arithmetic.MULTIPLY, x, y, target, (a, b, n) -> {
            for (int i = 0; i < n; i++) {
                a[i] *= b[i];
            }
        });
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> g) {
        return Arrays.asList(new Bp(sameDiff, arg(0), arg(1), g.get(0)).outputVariables());
    }

    /** Gradients of a and b. */
    public static final class Bp extends JavaOp {
        public Bp() {
        }

        Bp(SameDiff sd, SDVariable a, SDVariable b, SDVariable g) {
            super(sd, a, b, g);
        }

        @Override
        public String opName() {
            return "hiervl_mul_bp";
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
            for (int i = 0; i < 2; i++) {
                if (out[i] == null) {
                    continue;
                }
                INDArray other = in[1 - i];
                if (out[i].length() == in[2].length()) {
                    multiply(in[2], other, out[i]);
                } else {
                    new BroadcastPlan(in[i].shape(), other.shape()).reduceToA(in[2], other, out[i]);
                }
            }
        }
    }
}
