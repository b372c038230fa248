package io.hiervl.graph;

import io.hiervl.op.Add;
import io.hiervl.op.JavaOp;
import io.hiervl.op.kernel.RawArrays;
import io.hiervl.op.Slice;
import io.hiervl.op.kernel.Scratch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.ScalarOp;
import org.nd4j.linalg.api.ops.TransformOp;
import org.nd4j.linalg.api.ops.impl.layers.ExternalErrorsFunction;
import org.nd4j.linalg.factory.Nd4j;

/** The arrays of one run of a graph by slot, and the execution of single ops on them. For one thread. */
final class RunMemory {
    /** A buffer with the number of slots that look at it. */
    private static final class Storage {
        private final ArrayPool.Buffer buffer;
        private int users = 1;

        Storage(ArrayPool.Buffer buffer) {
            this.buffer = buffer;
        }
    }

    private final INDArray[] values;
    private final Storage[] storage;
    private final boolean[] rounded;
    private final ArrayPool pool = ArrayPool.ofThread();

    /** @param rounded slots whose arrays are kept in bfloat16 if the graph computes in 32 bits */
    RunMemory(int slots, boolean[] rounded) {
        this.rounded = rounded;
        values = new INDArray[slots];
        storage = new Storage[slots];
    }

    /** Puts an array of the caller into a slot; it is read, never written or released. */
    void lend(int slot, INDArray array) {
        values[slot] = array;
    }

    /** The array in a slot, null if it is gone. */
    INDArray get(int slot) {
        return values[slot];
    }

    /** Releases everything that was allocated. */
    void releaseAll() {
        for (int i = 0; i < storage.length; i++) {
            release(i);
        }
    }

    /** Ends the life of a slot; its buffer goes back to the pool when no other slot looks at it. Lent arrays stay. */
    void release(int slot) {
        Storage s = storage[slot];
        if (s != null) {
            storage[slot] = null;
            if (--s.users == 0) {
                pool.give(s.buffer);
            }
            values[slot] = null;
        }
    }

    /** The inputs of an op. */
    INDArray[] operands(Step step) {
        INDArray[] in = new INDArray[step.in().length];
        for (int i = 0; i < in.length; i++) {
            in[i] = values[step.in()[i]];
            if (in[i] == null) {
                throw new IllegalStateException("op " + step.name() + " (" + step.op().opName() + ") reads an array that is gone");
            }
        }
        return in;
    }

    /** Runs an op on its inputs. */
    void execute(Step step, INDArray[] in) {
        try {
            if (step.alias()) {
                alias(step, in);
            } else if (step.op() instanceof Slice.Addition op && step.out()[0] >= 0 && takeOver(step, 0)) {
                op.compute(in, new INDArray[] {in[0]});
            } else if (step.op() instanceof JavaOp op) {
                java(op, step, in);
            } else if (step.sum() && in[0].equalShapes(in[1])) {
                sum(step, in);
            } else if (step.op() instanceof ExternalErrorsFunction) {
                throw new IllegalStateException("external errors cannot be run");
            } else {
                // these ops carry the operands of a call
                synchronized (step.op()) {
                    if (step.op() instanceof DynamicCustomOp op) {
                        nativeOp(op, step, in);
                    } else {
                        legacy(step, in);
                    }
                }
            }
        } catch (RuntimeException e) {
            throw new IllegalStateException("op " + step.name() + " (" + step.op().opName() + ") failed on inputs "
                + Arrays.stream(in).map(a -> Arrays.toString(a.shape())).toList() + ": " + e.getMessage(), e);
        }
    }

    private void alias(Step step, INDArray[] in) {
        if (step.out()[0] < 0) {
            return;
        }
        INDArray x = in[0];
        long[] shape = step.op() instanceof JavaOp op ? op.outputShapes(in)[0] : x.shape();
        Storage s = storage[step.in()[0]];
        if (Arrays.equals(shape, x.shape()) && RawArrays.isDense(x)) {
            values[step.out()[0]] = x;
        } else {
            values[step.out()[0]] = s == null ? RawArrays.dense(x).reshape('c', shape) : s.buffer.array(x.dataType(), shape);
        }
        if (s != null) {
            s.users++;
            storage[step.out()[0]] = s;
        }
    }

    /** SameDiff's sum of two gradients, in the place of an operand that nobody else reads. */
    private void sum(Step step, INDArray[] in) {
        if (step.out()[0] < 0) {
            return;
        }
        for (int i = 0; i < 2; i++) {
            if (takeOver(step, i)) {
                Add.sum(in[i], in[1 - i], in[i]);
                return;
            }
        }
        Add.sum(in[0], in[1], allocate(step.out()[0], in[0].dataType(), in[0].shape()));
    }

    /** Makes an input that nobody else reads the output as well, if it is one; the op then works in place. */
    private boolean takeOver(Step step, int input) {
        int slot = step.in()[input];
        if (storage[slot] == null || storage[slot].users != 1 || Arrays.stream(step.release()).noneMatch(s -> s == slot)) {
            return false;
        }
        storage[slot].users++;
        storage[step.out()[0]] = storage[slot];
        values[step.out()[0]] = values[slot];
        return true;
    }

    private void java(JavaOp op, Step step, INDArray[] in) {
        long[][] shapes = op.outputShapes(in);
        INDArray[] out = new INDArray[step.out().length];
        for (int i = 0; i < out.length; i++) {
            if (step.out()[i] >= 0) {
                out[i] = allocate(step.out()[i], type(step.out()[i], in[0]), shapes[i]);
            }
        }
        Scratch.during(this::lend, () -> op.compute(in, out));
    }

    /** Working memory of an op from the buffers that are free for activations. */
    private Scratch.Loan lend(DataType type, long length) {
        ArrayPool.Buffer buffer = pool.take(type, length);
        return new Scratch.Loan(buffer.array(type, new long[] {length}), () -> pool.give(buffer));
    }

    private DataType type(int slot, INDArray input) {
        if (input.dataType() == DataType.DOUBLE) {
            return DataType.DOUBLE;
        }
        return rounded[slot] ? DataType.BFLOAT16 : DataType.FLOAT;
    }

    private void nativeOp(DynamicCustomOp op, Step step, INDArray[] in) {
        try (var context = Nd4j.getExecutioner().buildContext()) {
            context.setIArguments(op.iArgs());
            context.setTArguments(op.tArgs());
            context.setBArguments(op.bArgs());
            context.setDArguments(op.dArgs());
            context.setInputArrays(in);
            var shapes = op.calculateOutputShape(context);
            INDArray[] out = new INDArray[shapes.size()];
            List<ArrayPool.Buffer> unwanted = new ArrayList<>();
            for (int i = 0; i < out.length; i++) {
                long[] shape = shapes.get(i).getShape();
                DataType type = shapes.get(i).dataType();
                if (i < step.out().length && step.out()[i] >= 0) {
                    out[i] = allocate(step.out()[i], type, shape);
                } else {
                    ArrayPool.Buffer buffer = pool.take(type, length(shape));
                    unwanted.add(buffer);
                    out[i] = buffer.array(type, shape);
                }
            }
            context.setOutputArrays(out);
            Nd4j.exec(op, context);
            unwanted.forEach(pool::give);
        } catch (Exception e) {
            throw e instanceof RuntimeException r ? r : new IllegalStateException(e);
        }
    }

    private void legacy(Step step, INDArray[] in) {
        if (!(step.op() instanceof ScalarOp || step.op() instanceof TransformOp)) {
            throw new IllegalStateException("ops of " + step.op().getClass().getName() + " cannot be run here; use SameDiff.output");
        }
        var op = (org.nd4j.linalg.api.ops.Op) step.op();
        op.setX(in[0]);
        if (in.length > 1) {
            op.setY(in[1]);
        }
        op.setZ(allocate(step.out()[0], in[0].dataType(), in[0].shape()));
        Nd4j.getExecutioner().exec(op);
        op.setX(null);
        op.setY(null);
        op.setZ(null);
    }

    private static long length(long[] shape) {
        long n = 1;
        for (long d : shape) {
            n *= d;
        }
        return n;
    }

    private INDArray allocate(int slot, DataType type, long[] shape) {
        ArrayPool.Buffer buffer = pool.take(type, length(shape));
        storage[slot] = new Storage(buffer);
        values[slot] = buffer.array(type, shape);
        return values[slot];
    }
}
