package io.hiervl.backend.cuda;

import io.hiervl.tensor.Storage;
import io.hiervl.tensor.Tensor;

/**
 * Memory of a GPU.
 *
 * @param address in the device's address space, which the host cannot read
 * @param bytes   length
 * @param place   of which device
 */
record DeviceMemory(long address, long bytes, String place) implements Storage {
    /** Address of an element. */
    static long address(Tensor tensor, long element) {
        if (tensor.storage() instanceof DeviceMemory memory) {
            return memory.address + (tensor.offset() + element) * tensor.type().width();
        }
        throw new IllegalStateException("a kernel of the GPU was given a tensor " + tensor);
    }
}
