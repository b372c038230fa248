package io.hiervl.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.jvm.JavaBackend;
import io.hiervl.tensor.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ArrayPoolTest {
    @Test
    void takesTheSmallestThatFitsAndIsNotTwiceTooLarge() {
        ArrayPool pool = new ArrayPool(JavaBackend.INSTANCE);
        ArrayPool.Buffer small = pool.take(ElementType.FLOAT, 1024);
        ArrayPool.Buffer middle = pool.take(ElementType.FLOAT, 1536);
        ArrayPool.Buffer large = pool.take(ElementType.FLOAT, 8192);
        List.of(small, middle, large).forEach(pool::give);
        assertSame(middle, pool.take(ElementType.FLOAT, 1100));
        assertSame(small, pool.take(ElementType.FLOAT, 1000));
        assertNotSame(large, pool.take(ElementType.FLOAT, 1000));
        assertSame(large, pool.take(ElementType.DOUBLE, 4000), "bytes have no type");
    }

    /** The sizes of one phase of a step do not stay around while the next phase needs others. */
    @Test
    void phasesWithOtherSizesDoNotAddUp() {
        ArrayPool pool = new ArrayPool(JavaBackend.INSTANCE);
        for (int phase = 0; phase < 8; phase++) {
            List<ArrayPool.Buffer> held = new ArrayList<>();
            for (int i = 0; i < 8 >> phase % 4; i++) {
                held.add(pool.take(ElementType.FLOAT, (1L << 19 + 2 * (phase % 4)) / 3));
            }
            held.forEach(pool::give);
            assertTrue(pool.freeBytes() <= 1.6 * pool.peakBytes(),
                pool.freeBytes() + " bytes free, at most " + pool.peakBytes() + " were in use");
        }
        pool.clear();
        assertEquals(0, pool.freeBytes());
    }

    /** Sizes as in a transformer block, small ones among them: from the second run on nothing is made or freed. */
    @Test
    void aRunThatRepeatsFindsItsBuffers() {
        ArrayPool pool = new ArrayPool(JavaBackend.INSTANCE);
        long afterFirst = 0;
        for (int run = 0; run < 4; run++) {
            ArrayPool.Buffer x = pool.take(ElementType.FLOAT, 1025 * 768);
            for (int block = 0; block < 3; block++) {
                ArrayPool.Buffer norm = pool.take(ElementType.FLOAT, 1025 * 768);
                ArrayPool.Buffer statistics = pool.take(ElementType.FLOAT, 1025);
                ArrayPool.Buffer qkv = pool.take(ElementType.FLOAT, 1025 * 3 * 768);
                pool.give(norm);
                pool.give(statistics);
                ArrayPool.Buffer attention = pool.take(ElementType.FLOAT, 1025 * 768);
                pool.give(qkv);
                ArrayPool.Buffer scalar = pool.take(ElementType.FLOAT, 1);
                ArrayPool.Buffer hidden = pool.take(ElementType.FLOAT, 1025 * 4 * 768);
                pool.give(attention);
                pool.give(x);
                pool.give(scalar);
                x = pool.take(ElementType.FLOAT, 1025 * 768);
                pool.give(hidden);
            }
            pool.give(x);
            if (run == 0) {
                afterFirst = pool.made();
            }
            assertEquals(afterFirst, pool.made(), "buffers made until run " + run);
        }
    }

    @Test
    void countsStayRightOverRandomUse() {
        ArrayPool pool = new ArrayPool(JavaBackend.INSTANCE);
        Random random = new Random(1);
        List<ArrayPool.Buffer> held = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            if (!held.isEmpty() && random.nextInt(3) == 0) {
                pool.give(held.remove(random.nextInt(held.size())));
            } else if (held.size() < 60) {
                ArrayPool.Buffer b = pool.take(random.nextBoolean() ? ElementType.FLOAT : ElementType.DOUBLE, 1 + random.nextInt(20_000));
                assertTrue(held.stream().noneMatch(h -> h == b), "a buffer in use was handed out again");
                held.add(b);
            }
        }
        held.forEach(pool::give);
        assertTrue(pool.freeBytes() > 0);
        pool.clear();
        assertEquals(0, pool.freeBytes());
    }
}
