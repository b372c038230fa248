package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PrefetcherTest {
    @Test
    void itemsComeInOrder() {
        try (Prefetcher<Long> p = new Prefetcher<>(i -> i * i, 3, 8, 2)) {
            for (long i = 3; i < 8; i++) {
                assertEquals(i * i, p.next());
            }
            assertFalse(p.hasNext());
        }
    }

    @Test
    void aFailureReachesTheConsumerAtItsPlace() {
        try (Prefetcher<Long> p = new Prefetcher<>(i -> {
            if (i == 2) {
                throw HierVlException.data("broken.png");
            }
            return i;
        }, 0, 10, 4)) {
            assertEquals(0, p.next());
            assertEquals(1, p.next());
            assertEquals("broken.png", assertThrows(HierVlException.class, p::next).getMessage());
            assertEquals("broken.png", assertThrows(HierVlException.class, p::next).getMessage());
        }
    }

    @Test
    void theShareOfWaitingIsThatSinceTheLastCall() throws InterruptedException {
        CountDownLatch slow = new CountDownLatch(1);
        try (Prefetcher<Long> p = new Prefetcher<>(i -> {
            if (i < 2) {
                pause(80);
            } else {
                slow.countDown();
            }
            return i;
        }, 0, 10, 2)) {
            p.next();
            p.next();
            assertTrue(p.shareWaited() > 0.8, "a consumer that does nothing waits for a slow source all the time");
            slow.await();
            Thread.sleep(20);
            p.next();
            Thread.sleep(200);
            p.next();
            assertTrue(p.shareWaited() < 0.3, "items that are ready cost no waiting");
        }
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void closingStopsAProducerThatIsFarAhead() throws InterruptedException {
        AtomicLong made = new AtomicLong();
        Prefetcher<Long> p = new Prefetcher<>(i -> made.incrementAndGet(), 0, Long.MAX_VALUE, 3);
        p.next();
        p.close();
        long after = made.get();
        assertTrue(after <= 6, "only the queue's capacity is made ahead, not " + after);
        Thread.sleep(50);
        assertEquals(after, made.get());
        assertFalse(p.hasNext());
    }
}
