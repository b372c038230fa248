package io.hiervl.op;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.cpu.nativecpu.ops.NativeOpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/** Executes {@link GraphOp}s in the JVM and hands everything else to ND4J. ND4J creates it by name, see {@link SameDiffOps}. */
public final class JvmExecutioner extends NativeOpExecutioner {
    @Override
    public INDArray[] exec(CustomOp op, OpContext context) {
        if (!(op instanceof GraphOp own)) {
            return super.exec(op, context);
        }
        INDArray[] out = context.getOutputArrays().toArray(new INDArray[0]);
        own.run(context.getInputArrays().toArray(new INDArray[0]), out);
        return out;
    }

    @Override
    public INDArray[] exec(CustomOp op) {
        if (!(op instanceof GraphOp own)) {
            return super.exec(op);
        }
        if (op.numOutputArguments() == 0) {
            for (LongShapeDescriptor shape : own.calculateOutputShape()) {
                op.addOutputArgument(Nd4j.create(shape, false));
            }
        }
        INDArray[] out = op.outputArguments().toArray(new INDArray[0]);
        own.run(op.inputArguments().toArray(new INDArray[0]), out);
        return out;
    }
}
