package io.hiervl.backend.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.hiervl.tensor.Tensor;

/** Arguments of kernels as the driver takes them: a table of addresses, and the values. One block of memory serves a thread. */
final class Arguments {
    private static final int MOST = 32;
    private static final int BYTES = 4096;
    private static final ThreadLocal<Memory> BLOCK = ThreadLocal.withInitial(() -> new Memory(MOST * 8L + BYTES));

    private Arguments() {
    }

    /**
     * Address of the table, valid until the next call of this thread.
     *
     * @param values tensors of the device or null (addresses), longs, ints, floats, doubles, booleans (as int), and structures
     */
    static long pack(Object... values) {
        Memory block = BLOCK.get();
        long base = Pointer.nativeValue(block);
        long at = MOST * 8L;
        for (int i = 0; i < values.length; i++) {
            block.setLong(8L * i, base + at);
            Object value = values[i];
            if (value == null) {
                block.setLong(at, 0);
            } else if (value instanceof Tensor t) {
                block.setLong(at, DeviceMemory.address(t, 0));
            } else if (value instanceof Long v) {
                block.setLong(at, v);
            } else if (value instanceof Integer v) {
                block.setInt(at, v);
            } else if (value instanceof Float v) {
                block.setFloat(at, v);
            } else if (value instanceof Double v) {
                block.setDouble(at, v);
            } else if (value instanceof Boolean v) {
                block.setInt(at, v ? 1 : 0);
            } else {
                byte[] bytes = ((Structure) value).bytes();
                block.write(at, bytes, 0, bytes.length);
                at += (bytes.length + 7) / 8 * 8 - 8;
            }
            at += 8;
        }
        return base;
    }
}
