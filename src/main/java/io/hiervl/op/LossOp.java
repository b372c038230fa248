package io.hiervl.op;

import io.hiervl.op.kernel.LossKernel;
import io.hiervl.op.kernel.Staging;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An op whose outputs are scalars of shape (1) computed by a {@link LossKernel}. */
abstract class LossOp extends JavaOp {
    protected LossOp() {
    }

    protected LossOp(SameDiff sd, SDVariable... inputs) {
        super(sd, inputs);
    }

    /** The arithmetic; must not depend on fields, because SameDiff asks for the name before they are set. */
    abstract LossKernel kernel();

    /** A backward op on the inputs of this op followed by one cotangent per output. */
    abstract Backward backward(SDVariable[] inputs);

    @Override
    public final String opName() {
        return "hiervl_" + kernel().name();
    }

    @Override
    public final int getNumOutputs() {
        return kernel().losses();
    }

    @Override
    public final long[][] outputShapes(INDArray[] in) {
        long[][] shapes = new long[getNumOutputs()][];
        Arrays.fill(shapes, new long[] {1});
        return shapes;
    }

    @Override
    public final void compute(INDArray[] in, INDArray[] out) {
        double[] losses = kernel().forward(in, settings(this));
        for (int i = 0; i < losses.length; i++) {
            if (out[i] != null) {
                Staging.write(new double[] {losses[i]}, out[i]);
            }
        }
    }

    private static LossKernel.Settings settings(JavaOp op) {
        return new LossKernel.Settings(op.intArgs(), Arrays.stream(op.tArgs()).toArray());
    }

    @Override
    public final List<SDVariable> doDiff(List<SDVariable> cotangents) {
        List<SDVariable> inputs = new ArrayList<>(Arrays.asList(args()));
        inputs.addAll(cotangents);
        Backward op = backward(inputs.toArray(new SDVariable[0]));
        op.addIArgument(intArgs());
        op.addTArgument(tArgs());
        return Arrays.asList(op.outputVariables());
    }

    /** Gradients of the leading inputs. */
    abstract static class Backward extends JavaOp {
        protected Backward() {
        }

        protected Backward(SameDiff sd, SDVariable... inputs) {
            super(sd, inputs);
        }

        abstract LossKernel kernel();

        @Override
        public final String opName() {
            return "hiervl_" + kernel().name() + "_bp";
        }

        @Override
        public final int getNumOutputs() {
            return kernel().differentiable();
        }

        @Override
        public final long[][] outputShapes(INDArray[] in) {
            long[][] shapes = new long[getNumOutputs()][];
            for (int i = 0; i < shapes.length; i++) {
                shapes[i] = in[i].shape();
            }
            return shapes;
        }

        @Override
        public final void compute(INDArray[] in, INDArray[] out) {
            int inputs = in.length - kernel().losses();
            double[] cotangent = new double[kernel().losses()];
            for (int i = 0; i < cotangent.length; i++) {
                cotangent[i] = in[inputs + i].getDouble(0);
            }
            kernel().backward(Arrays.copyOf(in, inputs), settings(this), cotangent, out);
        }
    }
}
