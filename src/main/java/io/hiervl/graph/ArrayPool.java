package io.hiervl.graph;

import io.hiervl.backend.Backend;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Shapes;
import io.hiervl.tensor.Storage;
import io.hiervl.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Buffers of a backend's memory for activations, reused from op to op and from run to run. The smallest free buffer that is large enough is
 * taken, if it is not three times too large. One pool serves all runners of a thread and a backend; it is not safe for several threads.
 *
 * <p>Graphs of one training step need different sizes. Buffers that fit none of the present ones would pile up, so before
 * a large one is made those that were free for the longest time go back to the operating system, as far as the pool would
 * otherwise grow beyond {@link #SLACK} of what was ever in use at a time. Runs that repeat must find everything there:
 * blocks of some megabytes that are freed and asked for again fragment the heap of the C library, which never shrinks then.
 */
final class ArrayPool {
    private static final ThreadLocal<Map<Backend, ArrayPool>> POOLS = ThreadLocal.withInitial(HashMap::new);
    private static final double SLACK = 1.5;
    /** Bytes of buffers that are worth freeing others. */
    private static final long LARGE = 1 << 20;
    private static final int TOO_LARGE = 3;

    private final Backend backend;
    private final TreeMap<Long, Deque<Buffer>> free = new TreeMap<>();
    /** All free buffers, those that were given back first in front. */
    private final Set<Buffer> oldest = new LinkedHashSet<>();
    private long freeBytes;
    private long usedBytes;
    private long peakBytes;
    private long made;

    ArrayPool(Backend backend) {
        this.backend = backend;
    }

    /** Memory for one array at a time. */
    static final class Buffer {
        private final Storage storage;

        private Buffer(Storage storage) {
            this.storage = storage;
        }

        /** The first elements as an array of this shape. */
        Tensor array(ElementType type, long... shape) {
            return new Tensor(storage, 0, type, shape);
        }

        private long bytes() {
            return storage.bytes();
        }
    }

    /** The pool of the calling thread. */
    static ArrayPool ofThread(Backend backend) {
        return POOLS.get().computeIfAbsent(backend, ArrayPool::new);
    }

    /** Returns the unused memory of all pools of the calling thread. */
    static void clearThread() {
        POOLS.get().values().forEach(ArrayPool::clear);
    }

    /** A buffer with room for an array of this shape and undefined content. */
    Buffer take(ElementType type, long... shape) {
        long size = roundUp(Math.max(1, Shapes.product(shape)) * type.width());
        Map.Entry<Long, Deque<Buffer>> fit = free.ceilingEntry(size);
        Buffer buffer;
        if (fit != null && fit.getKey() <= TOO_LARGE * size) {
            // the one whose content left the caches last
            buffer = fit.getValue().peekFirst();
            forget(buffer);
        } else {
            if (size >= LARGE) {
                shrink((long) (SLACK * Math.max(peakBytes, usedBytes + size)) - usedBytes - size);
            }
            made++;
            buffer = new Buffer(backend.allocate(size));
        }
        usedBytes += buffer.bytes();
        peakBytes = Math.max(peakBytes, usedBytes);
        return buffer;
    }

    private void forget(Buffer buffer) {
        Deque<Buffer> same = free.get(buffer.bytes());
        same.remove(buffer);
        if (same.isEmpty()) {
            free.remove(buffer.bytes());
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
                backend.free(buffer.storage);
            }
        }
    }

    /** Gives a buffer back that {@link #take} returned. */
    void give(Buffer buffer) {
        usedBytes -= buffer.bytes();
        freeBytes += buffer.bytes();
        free.computeIfAbsent(buffer.bytes(), n -> new ArrayDeque<>()).push(buffer);
        oldest.add(buffer);
    }

    /** Returns all unused buffers to the device. */
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
    static long roundUp(long bytes) {
        if (bytes <= 256) {
            return 256;
        }
        long step = Math.max(64, Long.highestOneBit(bytes) >> 3);
        return (bytes + step - 1) / step * step;
    }
}
