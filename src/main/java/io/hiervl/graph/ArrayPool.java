package io.hiervl.graph;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Off-heap buffers for activations, reused from op to op and from run to run. Sizes are rounded up to an eighth of their
 * power of two, so that buffers fit again although shapes differ a little, and a somewhat larger buffer is taken where there
 * is none of the size. What lies unused is given back, oldest first, rather than that used and unused buffers together
 * become more than was ever used at a time. One pool serves all runners of a thread; it is not safe for several threads.
 */
final class ArrayPool {
    private static final ThreadLocal<ArrayPool> POOLS = ThreadLocal.withInitial(ArrayPool::new);
    private static final long MAX_FREE_BYTES = Long.getLong("hiervl.pool.mb", 4096) << 20;

    /** Smaller buffers are kept: they are many, and together little. */
    private static final long SMALL_BYTES = 1 << 20;

    /** By size, the last returned first. */
    private final Map<DataType, NavigableMap<Long, Deque<Buffer>>> free = new EnumMap<>(DataType.class);
    private long freeBytes;
    private long usedBytes;
    private long mostUsedBytes;
    private long returns;

    /** A buffer with the arrays that were made of it: making one takes longer than many an op. */
    static final class Buffer {
        private static final int MAX_ARRAYS = 32;

        private final DataBuffer data;
        /** Number of the return to the pool, to find the buffer that lies unused for longest. */
        private long returned;
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
        Buffer buffer = reuse(type, size);
        if (buffer == null) {
            long bytes = size * type.width();
            // closed before the new one is made
            trim(Math.max(mostUsedBytes, usedBytes + bytes) - usedBytes - bytes);
            buffer = new Buffer(Nd4j.createBuffer(type, size, false));
        }
        usedBytes += bytes(buffer);
        mostUsedBytes = Math.max(mostUsedBytes, usedBytes);
        return buffer;
    }

    private static long bytes(Buffer buffer) {
        return buffer.data.length() * buffer.data.dataType().width();
    }

    /** A free buffer of this size, or the smallest that is at most a quarter larger. */
    private Buffer reuse(DataType type, long size) {
        NavigableMap<Long, Deque<Buffer>> sizes = free.get(type);
        Map.Entry<Long, Deque<Buffer>> fitting = sizes == null ? null : sizes.ceilingEntry(size);
        if (fitting == null || fitting.getKey() > size + size / 4) {
            return null;
        }
        Buffer buffer = fitting.getValue().pop();
        if (fitting.getValue().isEmpty()) {
            sizes.remove(fitting.getKey());
        }
        freeBytes -= bytes(buffer);
        return buffer;
    }

    /** Gives a buffer back that {@link #take} returned. */
    void give(Buffer buffer) {
        usedBytes -= bytes(buffer);
        if (freeBytes + bytes(buffer) > MAX_FREE_BYTES) {
            buffer.data.close();
            return;
        }
        buffer.returned = returns++;
        free.computeIfAbsent(buffer.data.dataType(), t -> new TreeMap<>()).computeIfAbsent(buffer.data.length(), n -> new ArrayDeque<>()).push(buffer);
        freeBytes += bytes(buffer);
    }

    /** Closes large unused buffers, the oldest first, until at most so many bytes are unused. */
    private void trim(long most) {
        while (freeBytes > most) {
            NavigableMap<Long, Deque<Buffer>> sizes = null;
            Buffer oldest = null;
            for (NavigableMap<Long, Deque<Buffer>> s : free.values()) {
                for (Deque<Buffer> same : s.values()) {
                    Buffer last = same.peekLast();
                    if (bytes(last) >= SMALL_BYTES && (oldest == null || last.returned < oldest.returned)) {
                        oldest = last;
                        sizes = s;
                    }
                }
            }
            if (oldest == null) {
                return;
            }
            Deque<Buffer> same = sizes.get(oldest.data.length());
            same.removeLast();
            if (same.isEmpty()) {
                sizes.remove(oldest.data.length());
            }
            freeBytes -= bytes(oldest);
            oldest.data.close();
        }
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
