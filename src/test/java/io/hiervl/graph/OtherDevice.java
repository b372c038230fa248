package io.hiervl.graph;

import io.hiervl.backend.Backend;
import io.hiervl.backend.Kernels;
import io.hiervl.backend.WorkingMemory;
import io.hiervl.backend.jvm.JavaBackend;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.HostStorage;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Storage;
import io.hiervl.tensor.Tensor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.Pointer;

/**
 * A device for tests whose memory the host cannot read: any address asked of its tensors fails. It has kernels for some ops and lets the
 * host compute the rest, as a GPU backend does while it grows.
 */
final class OtherDevice implements Backend {
    private static final String PLACE = "other:0";

    /** Memory that only this class can open. */
    private record Memory(HostStorage hidden) implements Storage {
        @Override
        public long bytes() {
            return hidden.bytes();
        }

        @Override
        public String place() {
            return PLACE;
        }
    }

    private final Set<String> supported;
    final AtomicInteger runs = new AtomicInteger();
    final AtomicInteger live = new AtomicInteger();

    OtherDevice(Set<String> supported) {
        this.supported = supported;
    }

    @Override
    public String name() {
        return PLACE;
    }

    @Override
    public Storage allocate(long bytes) {
        live.incrementAndGet();
        return new Memory(HostStorage.allocate(bytes));
    }

    @Override
    public void free(Storage storage) {
        live.decrementAndGet();
        ((Memory) storage).hidden.free();
    }

    @Override
    public boolean onHost() {
        return false;
    }

    private static Tensor open(Tensor device) {
        return device == null ? null : new Tensor(((Memory) device.storage()).hidden, device.offset(), device.type(), device.shape());
    }

    @Override
    public void upload(Tensor host, Tensor device) {
        Pointer.memcpy(open(device).pointer(0), host.pointer(0), host.length() * host.type().width());
    }

    @Override
    public void download(Tensor device, Tensor host) {
        Pointer.memcpy(host.pointer(0), open(device).pointer(0), host.length() * host.type().width());
    }

    /** The Java kernels behind a door that opens tensors of this device and no others. */
    @Override
    public Kernels kernels(ElementType type, Precision products) {
        Kernels own = JavaBackend.INSTANCE.kernels(type, products);
        return (Kernels) Proxy.newProxyInstance(Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class}, (proxy, method, args) -> {
            Object[] opened = args == null ? new Object[0] : args.clone();
            for (int i = 0; i < opened.length; i++) {
                if (opened[i] instanceof Tensor t) {
                    opened[i] = open(t);
                } else if (opened[i] instanceof Tensor[] all) {
                    opened[i] = java.util.Arrays.stream(all).map(OtherDevice::open).toArray(Tensor[]::new);
                }
            }
            runs.incrementAndGet();
            try {
                return method.invoke(own, opened);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }

    @Override
    public boolean gainsFrom(Precision products) {
        return products == Precision.FP32;
    }

    @Override
    public boolean supports(String op, ElementType type) {
        return supported.contains(op);
    }

    @Override
    public void run(WorkingMemory.Lender lender, Runnable op) {
        op.run();
    }

    @Override
    public int lanes() {
        return 1;
    }
}
