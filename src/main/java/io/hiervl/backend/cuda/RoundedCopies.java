package io.hiervl.backend.cuda;

import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Storage;
import io.hiervl.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;

/**
 * Copies in bfloat16 of arrays that keep their values from run to run. A weight is read by many products of a step; it is rounded at the
 * first of them. The copy is made again after the array has changed. Safe for several threads.
 */
final class RoundedCopies {
    /** Memory of a rounded array, and whether it has the newest values. */
    private static final class Copy {
        private DeviceMemory memory;
        private boolean fresh;
    }

    private final CudaDevice device;
    /** By the array's address. */
    private final Map<Long, Copy> kept = new HashMap<>();

    RoundedCopies(CudaDevice device) {
        this.device = device;
    }

    synchronized void keep(DeviceMemory memory) {
        kept.put(memory.address(), new Copy());
    }

    private Copy of(Storage storage) {
        return storage instanceof DeviceMemory memory ? kept.get(memory.address()) : null;
    }

    /** The array has other values from now on. */
    synchronized void changed(Storage storage) {
        Copy copy = of(storage);
        if (copy != null) {
            copy.fresh = false;
        }
    }

    /** To be called before the array's memory is freed. */
    synchronized void free(DeviceMemory memory) {
        Copy copy = kept.remove(memory.address());
        if (copy != null && copy.memory != null) {
            device.free(copy.memory.address());
        }
    }

    /** The elements of a kept array in bfloat16, at the same places; other arrays are returned as they are. */
    synchronized Tensor of(Tensor array, DeviceOps ops) {
        Copy copy = array.type() == ElementType.FLOAT ? of(array.storage()) : null;
        if (copy == null) {
            return array;
        }
        DeviceMemory memory = (DeviceMemory) array.storage();
        long n = memory.bytes() / ElementType.FLOAT.width();
        if (copy.memory == null) {
            long bytes = n * ElementType.BFLOAT16.width();
            copy.memory = new DeviceMemory(device.allocate(bytes), bytes, memory.place());
        }
        Tensor rounded = new Tensor(copy.memory, 0, ElementType.BFLOAT16, n);
        if (!copy.fresh) {
            Tensor all = new Tensor(memory, 0, ElementType.FLOAT, n);
            ops.each("convert", n, all, DeviceOps.code(all), rounded, DeviceOps.code(rounded), n);
            copy.fresh = true;
        }
        return new Tensor(copy.memory, array.offset(), ElementType.BFLOAT16, array.shape());
    }
}
