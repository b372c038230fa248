package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class OffHeapTest {
    private static long collections() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream().mapToLong(b -> Math.max(0, b.getCollectionCount())).sum();
    }

    /** Between pieces of work the collector is asked now and then, not every time. */
    @Test
    void collectsNowAndThen() {
        long before = collections();
        OffHeap.collect();
        long after = collections();
        assertTrue(after > before, "no collection");
        for (int i = 0; i < 50; i++) {
            OffHeap.tidy();
        }
        // the heap may ask for one of its own meanwhile
        assertTrue(collections() - after < 25, "a collection at every call");
    }
}
