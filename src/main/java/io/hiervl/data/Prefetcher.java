package io.hiervl.data;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.LongFunction;

/**
 * Makes the items of a range ahead of their use on a background thread, at most {@code capacity} of them. What the
 * source throws reaches the consumer at the item's place; {@link #close} stops the thread.
 *
 * @param <T> what is made, for example {@link Batches.Step}
 */
public final class Prefetcher<T> implements Iterator<T>, AutoCloseable {
    private record Slot<T>(T value, Throwable failure) {
    }

    private final BlockingQueue<Slot<T>> queue;
    private final Thread thread;
    private final long end;
    private long next;
    private long waitedNanos;
    private long sharedNanos;
    private long shareStart = System.nanoTime();
    private volatile boolean closed;

    /**
     * @param source   item of a number; called in order from one background thread
     * @param first    first number
     * @param end      number after the last
     * @param capacity items kept ready
     */
    public Prefetcher(LongFunction<T> source, long first, long end, int capacity) {
        this.queue = new ArrayBlockingQueue<>(capacity);
        this.next = first;
        this.end = end;
        this.thread = new Thread(() -> produce(source, first, end), "prefetch");
        thread.setDaemon(true);
        thread.start();
    }

    private void produce(LongFunction<T> source, long first, long end) {
        try {
            for (long i = first; i < end && !closed; i++) {
                Slot<T> slot;
                try {
                    slot = new Slot<>(source.apply(i), null);
                } catch (Throwable e) {
                    slot = new Slot<>(null, e);
                }
                queue.put(slot);
                if (slot.failure != null) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean hasNext() {
        return next < end && !closed;
    }

    /** The next item; waits for it. A failure of the source is thrown as it is, and again at every later call. */
    @Override
    public T next() {
        if (!hasNext()) {
            throw new NoSuchElementException(closed ? "the prefetcher is closed" : "no item after " + (end - 1));
        }
        long start = System.nanoTime();
        try {
            Slot<T> slot = queue.take();
            waitedNanos += System.nanoTime() - start;
            if (slot.failure != null) {
                queue.add(slot);
                if (slot.failure instanceof RuntimeException e) {
                    throw e;
                }
                if (slot.failure instanceof Error e) {
                    throw e;
                }
                throw new IllegalStateException(slot.failure);
            }
            next++;
            return slot.value;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for data", e);
        }
    }

    /** Share of the time since the last call, at first since the start, that {@link #next} has waited: 0 to 1. */
    public double shareWaited() {
        long now = System.nanoTime();
        double share = Math.min(1, (double) (waitedNanos - sharedNanos) / Math.max(1, now - shareStart));
        sharedNanos = waitedNanos;
        shareStart = now;
        return share;
    }

    /** Stops the thread and waits until it has ended; it finishes the item it works on. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        queue.clear();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        queue.clear();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
