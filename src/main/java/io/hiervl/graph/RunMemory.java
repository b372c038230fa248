package io.hiervl.graph;

import io.hiervl.HierVlException;
import io.hiervl.backend.Backend;
import io.hiervl.backend.WorkingMemory;
import io.hiervl.op.Add;
import io.hiervl.op.Slice;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.HostStorage;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The arrays of one run of a graph by slot, and the execution of single ops on them. For one thread. */
final class RunMemory {
    /** A buffer with the number of slots that look at it. */
    private static final class Holder {
        private final ArrayPool.Buffer buffer;
        private int users = 1;

        Holder(ArrayPool.Buffer buffer) {
            this.buffer = buffer;
        }
    }

    private final Backend backend;
    private final Tensor[] values;
    private final Holder[] storage;
    /** Slots whose arrays were added to the other operand of the sum that reads them. */
    private final boolean[] added;
    private final boolean[] rounded;
    private final ArrayPool pool;

    /** @param rounded slots whose arrays are kept in bfloat16 if the graph computes in 32 bits */
    RunMemory(Backend backend, int slots, boolean[] rounded) {
        this.backend = backend;
        this.rounded = rounded;
        this.pool = ArrayPool.ofThread(backend);
        values = new Tensor[slots];
        storage = new Holder[slots];
        added = new boolean[slots];
    }

    /** Puts an array into a slot; it is read, never written or released. A device gets a copy of a host's for the time of the run. */
    void lend(int slot, Tensor array) {
        if (backend.onHost() || !(array.storage() instanceof HostStorage)) {
            values[slot] = array;
        } else {
            backend.upload(array, allocate(slot, array.type(), array.shape()));
        }
    }

    /** The same for an array that all runs share: a device may have a copy already. */
    void lendShared(int slot, Tensor array) {
        Tensor kept = backend.onHost() ? array : DeviceParameters.find(backend, array);
        if (kept == null) {
            lend(slot, array);
        } else {
            values[slot] = kept;
        }
    }

    /** The array in a slot, null if it is gone. */
    Tensor get(int slot) {
        return values[slot];
    }

    /** The array in a slot as one of the host, a copy if it lies on a device; null if it is gone. */
    Tensor onHost(int slot) {
        Tensor value = values[slot];
        return value == null || backend.onHost() ? value : HostStaging.download(backend, value);
    }

    /** The same as an array of ND4J; a copy from a device lives as long as it is reachable. */
    INDArray array(int slot) {
        return values[slot] == null ? null : DeviceArrays.onHost(backend, values[slot]);
    }

    /** Releases everything that was allocated. */
    void releaseAll() {
        for (int i = 0; i < storage.length; i++) {
            release(i);
        }
    }

    /** Ends the life of a slot; its buffer goes back to the pool when no other slot looks at it. Lent arrays stay. */
    void release(int slot) {
        Holder s = storage[slot];
        if (s != null) {
            storage[slot] = null;
            if (--s.users == 0) {
                pool.give(s.buffer);
            }
            values[slot] = null;
        }
    }

    /** The inputs of an op. */
    Tensor[] operands(Step step) {
        Tensor[] in = new Tensor[step.in().length];
        for (int i = 0; i < in.length; i++) {
            in[i] = values[step.in()[i]];
            if (in[i] == null) {
                throw new IllegalStateException("op " + step.name() + " (" + step.type() + ") reads an array that is gone");
            }
        }
        return in;
    }

    /**
     * Runs an op on its inputs.
     *
     * @param into by result: the slot of an array to which it may be added, -1 for none; null for none at all
     * @param targets by result: where it is to be written; null for a place of this memory
     */
    void execute(Step step, Tensor[] in, int[] into, GradientTarget[] targets) {
        try {
            if (step.alias() || step.sum() && (added[step.in()[0]] || added[step.in()[1]])) {
                alias(step, in);
            } else if (step.op() instanceof Slice.Addition && step.out()[0] >= 0 && takeOver(step, 0)) {
                run(step, in, new Tensor[] {in[0]}, List.of());
            } else if (step.op() != null) {
                List<Tensor> sums = new ArrayList<>();
                run(step, in, outputs(step, in, into, targets, sums), sums);
            } else if (step.sum() && Arrays.equals(in[0].shape(), in[1].shape())) {
                sum(step, in);
            } else {
                Nd4jSteps.run(backend, step, in, (slot, type, shape) -> slot < 0 ? null : allocate(slot, type, shape));
            }
        } catch (RuntimeException e) {
            if (e instanceof HierVlException known && known.kind() == HierVlException.Kind.ENVIRONMENT) {
                throw known;
            }
            throw new IllegalStateException("op " + step.name() + " (" + step.type() + ") failed on inputs "
                + Arrays.stream(in).map(a -> Arrays.toString(a.shape())).toList() + ": " + e.getMessage(), e);
        }
    }

    private static long[][] shapes(Tensor[] in) {
        return Arrays.stream(in).map(Tensor::shape).toArray(long[][]::new);
    }

    private void alias(Step step, Tensor[] in) {
        if (step.out()[0] < 0) {
            return;
        }
        long[] shape = step.op() == null ? in[0].shape() : step.op().shapes(shapes(in))[0];
        values[step.out()[0]] = in[0].reshape(shape);
        Holder s = storage[step.in()[0]];
        if (s != null) {
            s.users++;
            storage[step.out()[0]] = s;
        }
    }

    /** SameDiff's sum of two gradients, in the place of an operand that nobody else reads. */
    private void sum(Step step, Tensor[] in) {
        if (step.out()[0] < 0) {
            return;
        }
        for (int i = 0; i < 2; i++) {
            if (takeOver(step, i)) {
                add(in[i], in[1 - i], in[i]);
                return;
            }
        }
        add(in[0], in[1], allocate(step.out()[0], in[0].type(), in[0].shape()));
    }

    private void add(Tensor a, Tensor b, Tensor y) {
        Add op = new Add(a.shape(), b.shape());
        if (backend.supports(op.name(), a.type())) {
            backend.kernels(a.type(), Precision.FP32).add(a, b, y);
        } else {
            HostStaging.run(backend, op, new Tensor[] {a, b}, new Tensor[] {y});
        }
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

    /** @param sums takes the results that are to be added to what is there */
    private Tensor[] outputs(Step step, Tensor[] in, int[] into, GradientTarget[] targets, List<Tensor> sums) {
        long[][] shapes = step.op().shapes(shapes(in));
        Tensor[] out = new Tensor[step.out().length];
        // what the host computes is never added up
        boolean adds = into != null && backend.supports(step.type(), in[0].type());
        for (int i = 0; i < out.length; i++) {
            int slot = step.out()[i];
            if (slot < 0) {
                continue;
            }
            if (targets != null && targets[i] != null) {
                values[slot] = targets[i].array();
                if (targets[i].add()) {
                    sums.add(values[slot]);
                }
            } else if (adds && into[i] >= 0 && share(into[i], slot, type(slot, in[0]), shapes[i])) {
                sums.add(values[slot]);
            } else {
                allocate(slot, type(slot, in[0]), shapes[i]);
            }
            out[i] = values[slot];
        }
        return out;
    }

    /** Makes an array that nobody else looks at that of another slot as well, which is to be added to it. */
    private boolean share(int first, int slot, ElementType type, long[] shape) {
        Holder s = storage[first];
        if (s == null || s.users != 1 || values[first].type() != type || !Arrays.equals(values[first].shape(), shape)) {
            return false;
        }
        s.users++;
        storage[slot] = s;
        values[slot] = values[first].reshape(shape);
        added[slot] = true;
        return true;
    }

    private void run(Step step, Tensor[] in, Tensor[] out, List<Tensor> sums) {
        if (Arrays.stream(out).allMatch(a -> a == null)) {
            return;
        }
        if (backend.supports(step.type(), in[0].type())) {
            Runnable op = () -> step.op().run(backend.kernels(in[0].type(), step.op().precision()), in, out);
            if (sums.isEmpty()) {
                backend.run(this::lend, op);
            } else {
                backend.run(this::lend, sums, op);
            }
        } else {
            HostStaging.run(backend, step.op(), in, out);
        }
    }

    /** Working memory of an op from the buffers that are free for activations. */
    private WorkingMemory.Loan lend(ElementType type, long length) {
        ArrayPool.Buffer buffer = pool.take(type, length);
        return new WorkingMemory.Loan(buffer.array(type, length), () -> pool.give(buffer));
    }

    private ElementType type(int slot, Tensor input) {
        if (input.type() == ElementType.DOUBLE) {
            return ElementType.DOUBLE;
        }
        return rounded[slot] ? ElementType.BFLOAT16 : ElementType.FLOAT;
    }

    private Tensor allocate(int slot, ElementType type, long[] shape) {
        ArrayPool.Buffer buffer = pool.take(type, shape);
        storage[slot] = new Holder(buffer);
        values[slot] = buffer.array(type, shape);
        return values[slot];
    }
}
