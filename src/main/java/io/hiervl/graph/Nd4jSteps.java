package io.hiervl.graph;

import io.hiervl.backend.Backend;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.ScalarOp;
import org.nd4j.linalg.api.ops.TransformOp;
import org.nd4j.linalg.api.ops.impl.layers.ExternalErrorsFunction;
import org.nd4j.linalg.api.ops.impl.shape.OnesLike;
import org.nd4j.linalg.api.ops.impl.shape.ZerosLike;
import org.nd4j.linalg.factory.Nd4j;

/** Ops of ND4J in a plan: graphs of stock ops, and what SameDiff adds to a gradient graph. They run on the host. */
final class Nd4jSteps {
    private Nd4jSteps() {
    }

    /** Makes the array of a slot; null for a slot that nobody reads. */
    interface Allocator {
        Tensor allocate(int slot, ElementType type, long[] shape);
    }

    static void run(Backend backend, Step step, Tensor[] in, Allocator memory) {
        if (step.nd4j() instanceof ExternalErrorsFunction) {
            throw new IllegalStateException("external errors cannot be run");
        }
        boolean ones = step.nd4j() instanceof OnesLike;
        if ((ones || step.nd4j() instanceof ZerosLike) && !backend.onHost() && in[0].type() == ElementType.FLOAT) {
            // values that are known without the array
            Tensor result = memory.allocate(step.out()[0], in[0].type(), in[0].shape());
            if (result != null) {
                backend.kernels(in[0].type(), Precision.FP32).fill(result, ones ? 1 : 0);
            }
            return;
        }
        if (!backend.onHost()) {
            HostStaging.count(step.nd4j().opName(), in);
        }
        INDArray[] arrays = Arrays.stream(in).map(a -> Nd4jTensors.array(backend.onHost() ? a : HostStaging.download(backend, a)))
            .toArray(INDArray[]::new);
        // these ops carry the operands of a call
        synchronized (step.nd4j()) {
            if (step.nd4j() instanceof DynamicCustomOp op) {
                custom(backend, op, step, arrays, memory);
            } else {
                legacy(backend, step, arrays, memory);
            }
        }
    }

    private static void custom(Backend backend, DynamicCustomOp op, Step step, INDArray[] in, Allocator memory) {
        try (var context = Nd4j.getExecutioner().buildContext()) {
            context.setIArguments(op.iArgs());
            context.setTArguments(op.tArgs());
            context.setBArguments(op.bArgs());
            context.setDArguments(op.dArgs());
            context.setInputArrays(in);
            var shapes = op.calculateOutputShape(context);
            INDArray[] out = new INDArray[shapes.size()];
            Tensor[] results = new Tensor[out.length];
            for (int i = 0; i < out.length; i++) {
                long[] shape = shapes.get(i).getShape();
                int slot = i < step.out().length ? step.out()[i] : -1;
                results[i] = slot < 0 ? null : memory.allocate(slot, Nd4jTensors.type(shapes.get(i).dataType()), shape);
                out[i] = results[i] != null && backend.onHost() ? Nd4jTensors.array(results[i])
                    : Nd4j.createUninitialized(shapes.get(i).dataType(), shape);
            }
            context.setOutputArrays(out);
            Nd4j.exec(op, context);
            for (int i = 0; i < out.length; i++) {
                if (results[i] != null && !backend.onHost()) {
                    backend.upload(Nd4jTensors.of(out[i]), results[i]);
                }
            }
        } catch (Exception e) {
            throw e instanceof RuntimeException r ? r : new IllegalStateException(e);
        }
    }

    private static void legacy(Backend backend, Step step, INDArray[] in, Allocator memory) {
        if (!(step.nd4j() instanceof ScalarOp || step.nd4j() instanceof TransformOp)) {
            throw new IllegalStateException("ops of " + step.nd4j().getClass().getName() + " cannot be run here; use SameDiff.output");
        }
        var op = (org.nd4j.linalg.api.ops.Op) step.nd4j();
        Tensor result = memory.allocate(step.out()[0], Nd4jTensors.type(in[0].dataType()), in[0].shape());
        INDArray z = backend.onHost() ? Nd4jTensors.array(result) : Nd4j.createUninitialized(in[0].dataType(), in[0].shape());
        op.setX(in[0]);
        if (in.length > 1) {
            op.setY(in[1]);
        }
        op.setZ(z);
        Nd4j.getExecutioner().exec(op);
        op.setX(null);
        op.setY(null);
        op.setZ(null);
        if (!backend.onHost()) {
            backend.upload(Nd4jTensors.of(z), result);
        }
    }
}
