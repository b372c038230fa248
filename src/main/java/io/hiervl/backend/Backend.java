package io.hiervl.backend;

import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Storage;
import io.hiervl.tensor.Tensor;

/**
 * Memory and kernels of one device. A graph runner is given one and asks nobody else. Safe for use by several threads; what
 * {@link #kernels} returns serves the thread that asked.
 */
public interface Backend {
    /** Name for reports and messages, for example {@code java} or {@code oneDNN 2.5.2}. */
    String name();

    /** New memory with undefined content. */
    Storage allocate(long bytes);

    /** Frees memory that {@link #allocate} returned. */
    void free(Storage storage);

    /** Whether this process can read and write the memory; else arrays are copied. */
    boolean onHost();

    /** Copies the elements of a host tensor to a tensor of this device. */
    void upload(Tensor host, Tensor device);

    /** Copies the elements of a tensor of this device to a host tensor, after everything that was started before. */
    void download(Tensor device, Tensor host);

    /**
     * The kernels for arrays of this type.
     *
     * @param products how matrix products and convolutions of 32-bit floats multiply; doubles are never rounded
     */
    Kernels kernels(ElementType type, Precision products);

    /** Whether products of this precision are faster here than those in 32 bits; else rounding gains nothing. */
    boolean gainsFrom(Precision products);

    /**
     * Whether the device has a kernel for an op. What it has not is computed on the host: inputs are copied down and results up.
     *
     * @param op name of the op, for example {@code hiervl_set_loss}
     */
    default boolean supports(String op, ElementType type) {
        return true;
    }

    /** Runs an op of the calling thread whose large working memory comes from the lender and goes back afterwards. */
    void run(WorkingMemory.Lender lender, Runnable op);

    /** Most parts of a batch that should run beside each other; 1 where the device is one queue. */
    int lanes();
}
