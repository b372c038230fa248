package io.hiervl.graph;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Off-heap buffers for activations, reused from op to op and from run to run. Sizes are rounded up to an eighth of their
 * power of two, so that buffers fit again although shapes differ a little. One pool serves all runners of a thread; it is
 * not safe for several threads.
 */
final class ArrayPool {
    private static final ThreadLocal<ArrayPool> POOLS = ThreadLocal.withInitial(ArrayPool::new);
    private static final long MAX_FREE_BYTES = Long.getLong("hiervl.pool.mb", 4096) << 20;

    private final Map<DataType, TreeMap<Long, Deque<DataBuffer>>> free = new java.util.EnumMap<>(DataType.class);
    private long freeBytes;

    static ArrayPool ofThread() {
        return POOLS.get();
    }

    /** A buffer with at least this many elements and undefined content. */
    DataBuffer take(DataType type, long length) {
        long size = roundUp(Math.max(1, length));
        Deque<DataBuffer> same = free.computeIfAbsent(type, t -> new TreeMap<>()).get(size);
        if (same != null && !same.isEmpty()) {
            freeBytes -= size * type.width();
            return same.pop();
        }
        return Nd4j.createBuffer(type, size, false);
    }

    /** Gives a buffer back that {@link #take} returned. */
    void give(DataBuffer buffer) {
        long bytes = buffer.length() * buffer.dataType().width();
        if (freeBytes + bytes > MAX_FREE_BYTES) {
            buffer.close();
            return;
        }
        free.computeIfAbsent(buffer.dataType(), t -> new TreeMap<>())
            .computeIfAbsent(buffer.length(), n -> new ArrayDeque<>()).push(buffer);
        freeBytes += bytes;
    }

    /** Returns all unused buffers to the operating system. */
    void clear() {
        free.values().forEach(sizes -> sizes.values().forEach(list -> list.forEach(DataBuffer::close)));
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
