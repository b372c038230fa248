package io.hiervl.backend.cuda;

/** Is told what a device is asked to do, in order: for counts of bytes and of operations. */
@FunctionalInterface
public interface LaunchObserver {
    /**
     * A kernel, a product of cuBLAS, or a copy on the device.
     *
     * @param name  of the kernel, {@code product}, {@code copy} or {@code clear}
     * @param bytes of the arrays that it reads and writes, each counted once
     * @param flops of products, 2 for a multiplication with an addition; 0 for all that is no product
     * @param tensorCores whether the products' factors are rounded to bfloat16
     */
    void started(String name, long bytes, long flops, boolean tensorCores);
}
