package io.hiervl.backend.cuda;

import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;

/** How kernels of the device are started. */
class DeviceOps {
    private static final int THREADS = 256;
    private static final int WARPS = THREADS / 32;
    /** Blocks that a multiprocessor gets at most; their threads take the rest of the elements in turn. */
    private static final int BLOCKS = 32;

    final CudaBackend backend;
    final CudaDevice device;

    DeviceOps(CudaBackend backend) {
        this.backend = backend;
        this.device = backend.device();
    }

    /** Type of elements as kernels know it. */
    static int code(Tensor a) {
        return switch (a.type()) {
            case FLOAT -> 0;
            case BFLOAT16 -> 1;
            default -> throw new IllegalArgumentException("kernels of the GPU do not work on " + a.type());
        };
    }

    /** Working memory until the end of the op. */
    final Tensor work(ElementType type, long length) {
        return backend.work(type, length);
    }

    private int blocks(long tasks, int perBlock) {
        return (int) Math.max(1, Math.min((tasks + perBlock - 1) / perBlock, (long) BLOCKS * device.multiprocessors()));
    }

    /** A thread for an element. */
    final void each(String kernel, long n, Object... arguments) {
        if (n > 0) {
            device.launch(kernel, blocks(n, THREADS), 1, 1, THREADS, 1, arguments);
        }
    }

    /** A warp for a row. */
    final void rows(String kernel, long rows, Object... arguments) {
        device.launch(kernel, blocks(rows, WARPS), 1, 1, THREADS, 1, arguments);
    }

    /** A block for a row. */
    final void blocks(String kernel, long rows, Object... arguments) {
        device.launch(kernel, (int) Math.max(1, Math.min(rows, 1 << 30)), 1, 1, THREADS, 1, arguments);
    }

    final void zero(Tensor a) {
        device.clear(DeviceMemory.address(a, 0), a.length() * a.type().width());
    }
}
