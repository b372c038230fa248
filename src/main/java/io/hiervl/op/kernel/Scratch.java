package io.hiervl.op.kernel;

import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Working memory of kernels outside the heap, kept per thread and slot and grown when needed, because freeing through
 * the garbage collector comes too late. Contents are undefined; an array is longer than asked for at times, and valid
 * until the same slot is asked for again.
 */
public final class Scratch {
    private static final ThreadLocal<Map<String, INDArray>> SLOTS = ThreadLocal.withInitial(HashMap::new);

    private Scratch() {
    }

    /** A vector of at least {@code length} elements. */
    public static INDArray get(String slot, DataType type, long length) {
        Map<String, INDArray> slots = SLOTS.get();
        String key = slot + type;
        INDArray a = slots.get(key);
        if (a == null || a.length() < length) {
            if (a != null && a.closeable()) {
                a.close();
            }
            a = Nd4j.createUninitializedDetached(type, Math.max(16, length));
            slots.put(key, a);
        }
        return a;
    }

    /** Frees the memory of the calling thread. */
    public static void release() {
        Map<String, INDArray> slots = SLOTS.get();
        slots.values().forEach(a -> {
            if (a.closeable()) {
                a.close();
            }
        });
        slots.clear();
    }
}
