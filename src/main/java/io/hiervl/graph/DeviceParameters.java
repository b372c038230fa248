package io.hiervl.graph;

import io.hiervl.backend.Backend;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Storage;
import io.hiervl.tensor.Tensor;
import java.lang.ref.Cleaner;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Parameters whose copies stay on a device from run to run. Whoever keeps a store here says when its arrays have changed, on the
 * host or on a device; arrays that nobody keeps are copied at every run. Safe for use by several threads.
 */
public final class DeviceParameters implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();
    /** By address of the host's array. */
    private static final Map<Long, Entry> KEPT = new HashMap<>();

    /** An array of the host and its copies. */
    private static final class Entry {
        /** Kept so that its memory, and with it the address by which the entry is found, belongs to nobody else meanwhile. */
        private final INDArray array;
        private final Map<Backend, Tensor> copies = new HashMap<>();
        private final Set<Backend> fresh = new HashSet<>();
        /** The only one that has the newest values; null: the host has them. */
        private Backend ahead;
        private int users;

        Entry(INDArray array) {
            this.array = array;
        }

        Tensor host() {
            return Nd4jTensors.of(array);
        }

        Tensor on(Backend backend) {
            Tensor host = host();
            Tensor copy = copies.computeIfAbsent(backend, b -> {
                Storage storage = b.allocateKept(Math.max(1, host.length()) * host.type().width());
                return new Tensor(storage, 0, host.type(), host.shape());
            });
            if (!fresh.contains(backend)) {
                toHost();
                backend.upload(host, copy);
                fresh.add(backend);
            }
            return copy;
        }

        void toHost() {
            if (ahead != null) {
                ahead.download(copies.get(ahead), host());
                ahead = null;
            }
        }

        void changed() {
            ahead = null;
            fresh.clear();
        }

        void advanced(Backend backend) {
            fresh.clear();
            fresh.add(backend);
            ahead = backend;
            backend.changed(copies.get(backend).storage());
        }

        void free() {
            copies.forEach((backend, copy) -> backend.free(copy.storage()));
        }
    }

    private final Set<Long> addresses = new HashSet<>();
    private final Cleaner.Cleanable cleanable;
    private final AtomicBoolean closed = new AtomicBoolean();

    private DeviceParameters(ParameterStore store) {
        synchronized (KEPT) {
            for (ParameterStore.Parameter p : store.all()) {
                Tensor host = Nd4jTensors.of(p.array());
                if (addresses.add(host.address(0))) {
                    KEPT.computeIfAbsent(host.address(0), a -> new Entry(p.array())).users++;
                }
            }
        }
        Set<Long> kept = addresses;
        cleanable = CLEANER.register(this, () -> release(kept));
    }

    /** Keeps copies of the parameters that the store has now, from their first use on until {@link #close}. */
    public static DeviceParameters keep(ParameterStore store) {
        return new DeviceParameters(store);
    }

    /** To be called after arrays of the store were changed on the host: the next run copies them again. What a device has is lost. */
    public void changed() {
        synchronized (KEPT) {
            addresses.forEach(a -> KEPT.get(a).changed());
        }
    }

    /** To be called before the host reads or changes arrays of the store: gets from devices what was changed there. */
    public void toHost() {
        synchronized (KEPT) {
            addresses.forEach(a -> KEPT.get(a).toHost());
        }
    }

    /** Kept arrays were changed on a backend, where {@link #on} gave them: all others have old values. */
    public static void advanced(Backend backend, Collection<INDArray> arrays) {
        if (!backend.onHost()) {
            synchronized (KEPT) {
                arrays.forEach(a -> KEPT.get(Nd4jTensors.of(a).address(0)).advanced(backend));
            }
        }
    }

    /** A kept array where a backend can read and change it: on a host the array itself. */
    public static Tensor on(Backend backend, INDArray array) {
        Tensor host = Nd4jTensors.of(array);
        if (backend.onHost()) {
            return host;
        }
        Tensor copy = find(backend, host);
        if (copy == null) {
            throw new IllegalStateException("an array " + host + " is not kept on " + backend.name());
        }
        return copy;
    }

    /** The copy of an array of the host on a device; null if nobody keeps it. */
    static Tensor find(Backend backend, Tensor host) {
        synchronized (KEPT) {
            Entry entry = KEPT.get(host.address(0));
            return entry == null || entry.host().length() != host.length() || entry.host().type() != host.type() ? null
                : entry.on(backend).reshape(host.shape());
        }
    }

    private static void release(Set<Long> addresses) {
        synchronized (KEPT) {
            for (long address : addresses) {
                Entry entry = KEPT.get(address);
                if (--entry.users == 0) {
                    // what only the device has is lost with it: after a store was dropped nobody can read it
                    entry.free();
                    KEPT.remove(address);
                }
            }
        }
    }

    /** Gets what was changed on devices, and frees the copies that nobody else keeps. */
    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            toHost();
            cleanable.clean();
        }
    }
}
