package io.hiervl.backend.onednn;

import io.hiervl.backend.Kernels;
import io.hiervl.backend.jvm.HostBackend;
import io.hiervl.backend.jvm.JavaBackend;
import io.hiervl.backend.jvm.Parallel;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;
import java.util.EnumMap;
import java.util.Map;

/**
 * oneDNN for 32-bit floats on x86-64; doubles are computed by plain Java. oneDNN's primitives are made for a number of threads and carry
 * the operands of a call: each thread has kernels of its own, and its own again inside lanes.
 */
public final class OneDnnBackend extends HostBackend {
    private final ThreadLocal<Map<Precision, OneDnnKernels[]>> kernels = ThreadLocal.withInitial(() -> new EnumMap<>(Precision.class));
    private final String name;

    /** Fails with an {@link Error} or RuntimeException of the loader where the native library is missing. */
    public OneDnnBackend() {
        name = ofThread(Precision.FP32).name();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Kernels kernels(ElementType type, Precision products) {
        return type == ElementType.DOUBLE ? JavaBackend.INSTANCE.kernels(type, products) : ofThread(products);
    }

    /** The kernels of the calling thread and its team. */
    OneDnnKernels ofThread(Precision products) {
        int team = Parallel.team();
        OneDnnKernels[] own = kernels.get().computeIfAbsent(products, p -> new OneDnnKernels[Parallel.threads() + 1]);
        if (own[team] == null) {
            own[team] = new OneDnnKernels(products, () -> ofThread(products));
        }
        OpenMp.threads(team);
        return own[team];
    }

    @Override
    public boolean gainsFrom(Precision products) {
        return products == Precision.FP32 || products == Precision.BF16 && OneDnnIsa.bf16();
    }
}
