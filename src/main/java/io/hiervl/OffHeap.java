package io.hiervl;

import java.util.concurrent.TimeUnit;

/**
 * Memory of arrays outside Java's heap. It is freed when the collector finds their handles, which are so small that the heap alone sees no
 * reason to look: 2,000 small training steps grew by 1.4 GB before they came to rest.
 */
public final class OffHeap {
    private static final long EVERY = TimeUnit.SECONDS.toNanos(20);
    private static long last = System.nanoTime();

    private OffHeap() {
    }

    /** To be called between pieces of work (a step, an image); lets the collector look for handles every so often. */
    public static synchronized void tidy() {
        if (System.nanoTime() - last > EVERY) {
            collect();
        }
    }

    /** Lets the collector look for handles now. */
    public static synchronized void collect() {
        System.gc();
        last = System.nanoTime();
    }
}
