package io.hiervl.graph;

import io.hiervl.backend.Backend;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Storage;
import io.hiervl.tensor.Tensor;
import java.lang.ref.Cleaner;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Arrays that stay on a backend as long as this object is reachable. On a host they are ND4J's, and {@link #onHost} gives the live
 * array; on a device it gives a copy. Safe for use by several threads.
 */
public final class DeviceArrays {
    private static final Cleaner CLEANER = Cleaner.create();

    private final Backend backend;
    private final List<Storage> owned = new CopyOnWriteArrayList<>();

    public DeviceArrays(Backend backend) {
        this.backend = backend;
        List<Storage> storages = owned;
        CLEANER.register(this, () -> storages.forEach(backend::free));
    }

    /** Where the arrays are. */
    public Backend backend() {
        return backend;
    }

    /** An array with undefined content. */
    public Tensor make(ElementType type, long... shape) {
        if (backend.onHost()) {
            return Nd4jTensors.of(Nd4j.createUninitialized(Nd4jTensors.type(type), shape));
        }
        long length = 1;
        for (long side : shape) {
            length *= side;
        }
        Storage storage = backend.allocate(Math.max(1, length) * type.width());
        owned.add(storage);
        return new Tensor(storage, 0, type, shape);
    }

    /** An array of zeros. */
    public Tensor zeros(ElementType type, long... shape) {
        return backend.onHost() ? Nd4jTensors.of(Nd4j.zeros(Nd4jTensors.type(type), shape))
            : copy(Nd4j.zeros(Nd4jTensors.type(type), shape));
    }

    /** A copy of an array of the host. */
    public Tensor copy(INDArray array) {
        if (backend.onHost()) {
            return Nd4jTensors.of(array.dup('c'));
        }
        Tensor host = Nd4jTensors.of(array);
        Tensor made = make(host.type(), host.shape());
        backend.upload(host, made);
        return made;
    }

    /** Copies an array of the host into one of the backend. */
    public void write(INDArray from, Tensor to) {
        if (backend.onHost()) {
            Nd4jTensors.array(to).assign(from);
        } else {
            backend.upload(Nd4jTensors.of(from), to);
        }
    }

    /** The live array on a host, a copy of it from a device. */
    public INDArray onHost(Tensor array) {
        return onHost(backend, array);
    }

    /** The live array on a host, a copy of it from a device. */
    public static INDArray onHost(Backend backend, Tensor array) {
        if (backend.onHost()) {
            return Nd4jTensors.array(array);
        }
        INDArray copy = Nd4j.createUninitialized(Nd4jTensors.type(array.type()), array.shape());
        backend.download(array, Nd4jTensors.of(copy));
        return copy;
    }
}
