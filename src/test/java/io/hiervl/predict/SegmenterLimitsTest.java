package io.hiervl.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.config.EvalConfig;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Photo;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A Segmenter inside a service, for one photo or for several at once: callers that give up, photos that are too large or take too long. */
@Timeout(60)
class SegmenterLimitsTest {
    private static final int SIDE = 32;
    private static final Photo LONG = Photo.black(SIDE * 40, SIDE * 40);

    private final AtomicInteger windows = new AtomicInteger();
    private final CountDownLatch begun = new CountDownLatch(1);
    private volatile boolean freed;

    /** Ten milliseconds a window: 1,600 windows of the long photo take 16 seconds. */
    private Segmenter slow(int photos) {
        InferenceModel model = new InferenceModel() {
            @Override
            public int photos() {
                return photos;
            }

            @Override
            public int crop() {
                return SIDE;
            }

            @Override
            public List<String> classNames() {
                return List.of("a", "b");
            }

            @Override
            public float[] scores(float[] chw, int h, int w) {
                windows.incrementAndGet();
                begun.countDown();
                try {
                    Thread.sleep(10);
                } catch (InterruptedException e) {
                    throw new IllegalStateException("the worker must not be interrupted", e);
                }
                return new float[2 * h * w];
            }

            @Override
            public void close() {
                freed = true;
            }
        };
        return new Segmenter(model, new ClipNormalize(new float[3], new float[] {1, 1, 1}),
            new EvalConfig(EvalConfig.Window.CLAMPED, SIDE, SIDE, 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void anInterruptedCallersPhotoIsGivenUp(int photos) throws Exception {
        try (Segmenter s = slow(photos)) {
            CompletableFuture<Boolean> flag = new CompletableFuture<>();
            Thread caller = new Thread(() -> {
                assertThrows(IllegalStateException.class, () -> s.predict(LONG));
                flag.complete(Thread.currentThread().isInterrupted());
            });
            caller.start();
            assertTrue(begun.await(10, TimeUnit.SECONDS));
            caller.interrupt();
            assertTrue(flag.get(2, TimeUnit.SECONDS));
            long start = System.nanoTime();
            s.predict(Photo.black(SIDE, SIDE));
            assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(2), "the next caller waited for a photo that nobody wants");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void cancelGivesUpWhatIsInWork(int photos) throws Exception {
        try (Segmenter s = slow(photos)) {
            CompletableFuture<Prediction> work = CompletableFuture.supplyAsync(() -> s.predict(LONG));
            assertTrue(begun.await(10, TimeUnit.SECONDS));
            s.cancel();
            // supplyAsync hands a CancellationException on as it is or as a cause
            Exception e = assertThrows(Exception.class, () -> work.get(2, TimeUnit.SECONDS));
            assertTrue(e instanceof CancellationException || e.getCause() instanceof CancellationException, e.toString());
            assertEquals(SIDE, s.predict(Photo.black(SIDE, SIDE)).labels().width());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void pixelsAndTimeHaveLimits(int photos) {
        try (Segmenter s = slow(photos).limit(new Limits(LONG.width() * (long) LONG.height(), Duration.ofMillis(200)))) {
            HierVlException late = assertThrows(HierVlException.class, () -> s.predict(LONG));
            assertEquals(HierVlException.Kind.DATA, late.kind());
            assertTrue(late.getMessage().contains("200 ms"), late.getMessage());
            assertTrue(windows.get() < 100);
            assertTrue(
                assertThrows(HierVlException.class, () -> s.predict(Photo.black(SIDE * 41, SIDE * 40))).getMessage().contains("1312x1280"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void closingWorksInAnInterruptedThread(int photos) {
        Segmenter s = slow(photos);
        Thread.currentThread().interrupt();
        s.close();
        assertTrue(Thread.interrupted());
        assertTrue(freed);
        assertThrows(IllegalStateException.class, () -> s.predict(Photo.black(SIDE, SIDE)));
        assertFalse(Thread.currentThread().isInterrupted());
    }
}
