package io.hiervl.graph;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Off-heap buffers for activations, reused from op to op and from run to run. The smallest free buffer that is large enough
 * is taken, if it is not three times too large. One pool serves all runners of a thread; it is not safe for several threads.
 *
 * <p>Graphs of one training step need different sizes. Buffers that fit none of the present ones would pile up, so before
 * a large one is made those that were free for the longest time go back to the operating system, as far as the pool would
 * otherwise grow beyond {@link #SLACK} of what was ever in use at a time. Runs that repeat must find everything there:
 * blocks of some megabytes that are freed and asked for again fragment the heap of the C library, which never shrinks then.
 */
final class ArrayPool {
    private static final ThreadLocal<ArrayPool> POOLS = ThreadLocal.withInitial(ArrayPool::new);
    private static final double SLACK = 1.5;
    /** Bytes of buffers that are worth freeing others. */
    private static final long LARGE = 1 << 20;
    private static final int TOO_LARGE = 3;

    private final Map<DataType, TreeMap<Long, Deque<Buffer>>> free = new EnumMap<>(DataType.class);
    /** All free buffers, those that were given back first in front. */
    private final Set<Buffer> oldest = new LinkedHashSet<>();
    private long freeBytes;
    private long usedBytes;
    private long peakBytes;
    private long made;

    /** A buffer with the arrays that were made of it: making one takes longer than many an op. */
    static final class Buffer {
        private static final int MAX_ARRAYS = 32;

        private final DataBuffer data;
        private final Map<String, INDArray> arrays = new HashMap<>();
        /** The same memory as elements of half the size; it does not own it. */
        private DataBuffer halves;

        private Buffer(DataBuffer data) {
            this.data = data;
        }

        /** The first elements as a dense array of this shape; FLOAT memory serves BFLOAT16 too. */
        INDArray array(DataType type, long[] shape) {
            if (arrays.size() > MAX_ARRAYS) {
                arrays.clear();
            }
            return arrays.computeIfAbsent(type + Arrays.toString(shape), s -> Nd4j.create(elements(type), shape, Nd4j.getStrides(shape, 'c'), 0, 'c'));
        }

        private DataBuffer elements(DataType type) {
            if (type == data.dataType()) {
                return data;
            }
            if (halves == null) {
                halves = Nd4j.createBuffer(data.pointer(), 2 * data.length(), type);
            }
            return halves;
        }

        private long bytes() {
            return data.length() * data.dataType().width();
        }
    }

    static ArrayPool ofThread() {
        return POOLS.get();
    }

    /** A buffer with room for at least this many elements and undefined content. Two bfloat16 take the place of a 32-bit float. */
    Buffer take(DataType type, long length) {
        if (type == DataType.BFLOAT16) {
            return take(DataType.FLOAT, (length + 1) / 2);
        }
        long size = roundUp(Math.max(1, length));
        Map.Entry<Long, Deque<Buffer>> fit = sizes(type).ceilingEntry(size);
        Buffer buffer;
        if (fit != null && fit.getKey() <= TOO_LARGE * size) {
            // the one whose content left the caches last
            buffer = fit.getValue().peekFirst();
            forget(buffer);
        } else {
            long bytes = size * type.width();
            if (bytes >= LARGE) {
                shrink((long) (SLACK * Math.max(peakBytes, usedBytes + bytes)) - usedBytes - bytes);
            }
            made++;
            buffer = new Buffer(Nd4j.createBuffer(type, size, false));
        }
        usedBytes += buffer.bytes();
        peakBytes = Math.max(peakBytes, usedBytes);
        return buffer;
    }

    private TreeMap<Long, Deque<Buffer>> sizes(DataType type) {
        return free.computeIfAbsent(type, t -> new TreeMap<>());
    }

    private void forget(Buffer buffer) {
        TreeMap<Long, Deque<Buffer>> sizes = sizes(buffer.data.dataType());
        Deque<Buffer> same = sizes.get(buffer.data.length());
        same.remove(buffer);
        if (same.isEmpty()) {
            sizes.remove(buffer.data.length());
        }
        oldest.remove(buffer);
        freeBytes -= buffer.bytes();
    }

    /** Frees buffers until no more than this is free. */
    private void shrink(long bytes) {
        for (Buffer buffer : List.copyOf(oldest)) {
            if (freeBytes <= Math.max(0, bytes)) {
                return;
            }
            if (bytes <= 0 || buffer.bytes() >= LARGE) {
                forget(buffer);
                buffer.data.close();
            }
        }
    }

    /** Gives a buffer back that {@link #take} returned. */
    void give(Buffer buffer) {
        usedBytes -= buffer.bytes();
        freeBytes += buffer.bytes();
        sizes(buffer.data.dataType()).computeIfAbsent(buffer.data.length(), n -> new ArrayDeque<>()).push(buffer);
        oldest.add(buffer);
    }

    /** Returns all unused buffers to the operating system. */
    void clear() {
        shrink(0);
    }

    /** Number of buffers that were ever made. */
    long made() {
        return made;
    }

    /** Most bytes that were in use at a time. */
    long peakBytes() {
        return peakBytes;
    }

    long freeBytes() {
        return freeBytes;
    }

    /** To a multiple of an eighth of its power of two, so that buffers fit again although shapes differ a little. */
    static long roundUp(long n) {
        if (n <= 64) {
            return 64;
        }
        long step = Math.max(16, Long.highestOneBit(n) >> 3);
        return (n + step - 1) / step * step;
    }
}
