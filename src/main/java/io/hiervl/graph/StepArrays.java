package io.hiervl.graph;

import io.hiervl.backend.Backend;
import io.hiervl.backend.Kernels;
import io.hiervl.backend.WorkingMemory;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.HostStorage;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Arrays of one step on a backend: copies of what the host has, each copied once, and what kernels make of them. They live until
 * {@link #close}. On a host nothing is copied, and several threads may ask; a device serves the thread that made this object.
 */
public final class StepArrays implements AutoCloseable {
    private final Backend backend;
    private final ArrayPool pool;
    private final List<ArrayPool.Buffer> taken = new ArrayList<>();
    private final Map<Long, Copy> copies = new HashMap<>();

    /** A copy with its source, whose memory must not be used for something else meanwhile. */
    private record Copy(Tensor source, Tensor copy) {
    }

    public StepArrays(Backend backend) {
        this.backend = backend;
        this.pool = backend.onHost() ? null : ArrayPool.ofThread(backend);
    }

    /** Where the arrays are. */
    public Backend backend() {
        return backend;
    }

    /** Kernels for the calling thread. */
    public Kernels kernels(ElementType type) {
        return backend.kernels(type, Precision.FP32);
    }

    /** Runs kernels whose working memory is that of the step. */
    public void run(Runnable kernels) {
        if (backend.onHost()) {
            kernels.run();
        } else {
            backend.run((type, length) -> {
                ArrayPool.Buffer buffer = pool.take(type, length);
                return new WorkingMemory.Loan(buffer.array(type, length), () -> pool.give(buffer));
            }, kernels);
        }
    }

    /** An array with undefined content. */
    public Tensor make(ElementType type, long... shape) {
        if (backend.onHost()) {
            return Nd4jTensors.of(Nd4j.createUninitialized(Nd4jTensors.type(type), shape));
        }
        ArrayPool.Buffer buffer = pool.take(type, shape);
        taken.add(buffer);
        return buffer.array(type, shape);
    }

    /** An array where kernels read it: itself if it is there, else a copy, the same one whenever it is asked for. */
    public Tensor place(Tensor array) {
        if (backend.onHost() || !(array.storage() instanceof HostStorage)) {
            return array;
        }
        Copy known = copies.get(array.address(0));
        if (known == null || known.source.length() != array.length() || known.source.type() != array.type()) {
            Tensor made = make(array.type(), array.shape());
            backend.upload(array, made);
            known = new Copy(array, made);
            copies.put(array.address(0), known);
        }
        return known.copy.reshape(array.shape());
    }

    /** The same for an array of ND4J. */
    public Tensor place(INDArray array) {
        return place(Nd4jTensors.of(array));
    }

    /** An array on the host, live if it is there; a copy from a device, for which this waits. */
    public INDArray onHost(Tensor array) {
        return array.storage() instanceof HostStorage ? Nd4jTensors.array(array) : DeviceArrays.onHost(backend, array);
    }

    @Override
    public void close() {
        taken.forEach(pool == null ? b -> {
        } : pool::give);
        taken.clear();
        copies.clear();
    }
}
