package io.hiervl.backend.jvm;

import io.hiervl.backend.Kernels;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;

/** Plain Java on any platform, in both precisions. Products are never rounded. */
public final class JavaBackend extends HostBackend {
    /** The only instance there need be. */
    public static final JavaBackend INSTANCE = new JavaBackend();

    private final JavaKernels kernels = new JavaKernels();

    private JavaBackend() {
    }

    @Override
    public String name() {
        return kernels.name();
    }

    @Override
    public Kernels kernels(ElementType type, Precision products) {
        return kernels;
    }

    @Override
    public boolean gainsFrom(Precision products) {
        return products == Precision.FP32;
    }
}
