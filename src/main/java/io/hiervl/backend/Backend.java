package io.hiervl.backend;

import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Storage;
import io.hiervl.tensor.Tensor;
import java.util.List;

/**
 * Memory and kernels of one device. A graph runner is given one and asks nobody else. Safe for use by several threads; what
 * {@link #kernels} returns serves the thread that asked.
 */
public interface Backend {
    /** Name for reports and messages, for example {@code java} or {@code oneDNN 2.5.2}. */
    String name();

    /** New memory with undefined content. */
    Storage allocate(long bytes);

    /**
     * New memory for an array that keeps its values from run to run, such as a parameter. A device may keep it in other forms beside it,
     * until {@link #changed} is called or something is uploaded to it.
     */
    default Storage allocateKept(long bytes) {
        return allocate(bytes);
    }

    /** Says that {@link #allocateKept kept memory} has other values now. */
    default void changed(Storage kept) {
    }

    /** Frees memory that {@link #allocate} or {@link #allocateKept} returned. */
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

    /** Whether the kernel of an op can add one of its results to an array instead of writing it. */
    default boolean adds(String op, int output) {
        return false;
    }

    /** The same as {@link #run}, where those results that are among the sums are added to what is there. */
    default void run(WorkingMemory.Lender lender, List<Tensor> sums, Runnable op) {
        throw new IllegalStateException(name() + " does not add results up");
    }

    /** What went between host and device so far. */
    default Traffic traffic() {
        return Traffic.NONE;
    }

    /** Bytes that are free here now, for arrays of this backend; negative if nobody knows. */
    default long freeBytes() {
        return -1;
    }

    /** The same device, where all sums are made in an order that does not change from run to run; a little slower. */
    default Backend repeatable() {
        return this;
    }

    /**
     * Sums over devices that need no host.
     *
     * @param all devices, this one the first
     * @return one for each device; empty where sums have to go through the host
     */
    default List<DeviceSum> sums(List<Backend> all) {
        return List.of();
    }

    /** Most parts of a batch that should run beside each other; 1 where the device is one queue. */
    int lanes();
}
