package io.hiervl.graph;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Off-heap buffers for activations, reused from op to op and from run to run. Sizes are rounded up to an eighth of their
 * power of two, so that buffers fit again although shapes differ a little. One pool serves all runners of a thread; it is
 * not safe for several threads.
 */
final class ArrayPool {
    private static final ThreadLocal<ArrayPool> POOLS = ThreadLocal.withInitial(ArrayPool::new);
    private static final long MAX_FREE_BYTES = Long.getLong("hiervl.pool.mb", 4096) << 20;

    private final Map<DataType, Map<Long, Deque<Buffer>>> free = new EnumMap<>(DataType.class);
    private long freeBytes;

    /** A buffer with the arrays that were made of it: making one takes longer than many an op. */
    static final class Buffer {
        private static final int MAX_ARRAYS = 32;

        private final DataBuffer data;
        private final Map<String, INDArray> arrays = new HashMap<>();

        private Buffer(DataBuffer data) {
            this.data = data;
        }

        /** The first elements as a dense array of this shape. */
        INDArray array(long[] shape) {
            if (arrays.size() > MAX_ARRAYS) {
                arrays.clear();
            }
            return arrays.computeIfAbsent(Arrays.toString(shape), s -> Nd4j.create(data, shape, Nd4j.getStrides(shape, 'c'), 0, 'c'));
        }
    }

    static ArrayPool ofThread() {
        return POOLS.get();
    }

    /** A buffer with at least this many elements and undefined content. */
    Buffer take(DataType type, long length) {
        long size = roundUp(Math.max(1, length));
        Deque<Buffer> same = free.computeIfAbsent(type, t -> new HashMap<>()).get(size);
        if (same != null && !same.isEmpty()) {
            freeBytes -= size * type.width();
            return same.pop();
        }
        return new Buffer(Nd4j.createBuffer(type, size, false));
    }

    /** Gives a buffer back that {@link #take} returned. */
    void give(Buffer buffer) {
        DataBuffer data = buffer.data;
        long bytes = data.length() * data.dataType().width();
        if (freeBytes + bytes > MAX_FREE_BYTES) {
            data.close();
            return;
        }
        free.computeIfAbsent(data.dataType(), t -> new HashMap<>()).computeIfAbsent(data.length(), n -> new ArrayDeque<>()).push(buffer);
        freeBytes += bytes;
    }

    /** Returns all unused buffers to the operating system. */
    void clear() {
        free.values().forEach(sizes -> sizes.values().forEach(list -> list.forEach(b -> b.data.close())));
        free.clear();
        freeBytes = 0;
    }

    long freeBytes() {
        return freeBytes;
    }

    static long roundUp(long n) {
        if (n <= 64) {
            return 64;
        }
        long step = Math.max(16, Long.highestOneBit(n) >> 3);
        return (n + step - 1) / step * step;
    }
}
