package io.hiervl.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.op.Backend;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

/** Which buffers are reused, and how much lies unused. */
class ArrayPoolTest {
    private static final int MIB = 1 << 18;

    @BeforeAll
    static void start() {
        Backend.start();
    }

    @Test
    void aBufferOfTheSizeOrALittleLargerIsReused() {
        ArrayPool pool = new ArrayPool();
        ArrayPool.Buffer a = pool.take(DataType.FLOAT, 8 * MIB);
        pool.give(a);
        assertSame(a, pool.take(DataType.FLOAT, 7 * MIB));
        pool.give(a);
        assertNotSame(a, pool.take(DataType.FLOAT, 4 * MIB));
        assertNotSame(a, pool.take(DataType.DOUBLE, 8 * MIB));
        assertEquals(7 * MIB, a.array(new long[] {7, MIB}).length());
        pool.clear();
    }

    @Test
    void unusedBuffersNeverMakeMoreThanWasUsedAtATime() {
        ArrayPool pool = new ArrayPool();
        for (int size = 4; size <= 64; size *= 2) {
            pool.give(pool.take(DataType.FLOAT, size * MIB));
            assertEquals((long) size * MIB * 4, pool.freeBytes(), "only the last buffer may be left");
        }
        pool.clear();
        assertEquals(0, pool.freeBytes());
    }

    @Test
    void theOldestIsGivenBackFirst() {
        ArrayPool pool = new ArrayPool();
        ArrayPool.Buffer old = pool.take(DataType.FLOAT, 10 * MIB);
        ArrayPool.Buffer recent = pool.take(DataType.FLOAT, 20 * MIB);
        pool.give(old);
        pool.give(recent);
        ArrayPool.Buffer other = pool.take(DataType.FLOAT, 5 * MIB);
        assertEquals(20L * MIB * 4, pool.freeBytes());
        assertSame(recent, pool.take(DataType.FLOAT, 20 * MIB));
        assertNotSame(old, other);
        pool.clear();
    }

    @Test
    void smallBuffersStay() {
        ArrayPool pool = new ArrayPool();
        ArrayPool.Buffer small = pool.take(DataType.FLOAT, 100);
        pool.give(small);
        pool.give(pool.take(DataType.FLOAT, 10 * MIB));
        pool.give(pool.take(DataType.FLOAT, 30 * MIB));
        assertSame(small, pool.take(DataType.FLOAT, 100));
        assertTrue(pool.freeBytes() <= 30L * MIB * 4);
        pool.clear();
    }
}
