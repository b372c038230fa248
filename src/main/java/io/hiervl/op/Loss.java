package io.hiervl.op;

import io.hiervl.backend.Kernels;
import io.hiervl.backend.LossKernel;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** A loss: scalars (1) that a {@link LossKernel} computes, under its name and with its attributes. */
public record Loss(LossKernel kernel) implements Op {
    public Loss {
        OpTypes.know(kernel);
    }

    @Override
    public String name() {
        return OpTypes.PREFIX + kernel.name();
    }

    @Override
    public int outputs() {
        return kernel.losses();
    }

    @Override
    public long[][] shapes(long[]... in) {
        long[][] shapes = new long[outputs()][];
        Arrays.fill(shapes, new long[] {1});
        return shapes;
    }

    @Override
    public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
        kernels.loss(kernel, in, out);
    }

    @Override
    public List<SDVariable> gradient(Backward g) {
        List<SDVariable> in = new ArrayList<>(Arrays.asList(g.inputs()));
        in.addAll(g.cotangents());
        return g.apply(new Gradient(kernel), in.toArray(new SDVariable[0]));
    }

    /** Gradients of the leading inputs. Inputs as of the loss, and one cotangent for each scalar. */
    public record Gradient(LossKernel kernel) implements Op {
        @Override
        public String name() {
            return OpTypes.PREFIX + kernel.name() + OpTypes.BACKWARD;
        }

        @Override
        public int outputs() {
            return kernel.differentiable();
        }

        @Override
        public long[][] shapes(long[]... in) {
            return Arrays.copyOf(in, outputs());
        }

        @Override
        public void run(Kernels kernels, Tensor[] in, Tensor[] out) {
            int inputs = in.length - kernel.losses();
            kernels.lossGradient(kernel, Arrays.copyOf(in, inputs), Arrays.copyOfRange(in, inputs, in.length), out);
        }
    }
}
