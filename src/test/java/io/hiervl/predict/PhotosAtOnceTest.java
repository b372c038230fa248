package io.hiervl.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.cli.Forms;
import io.hiervl.config.EvalConfig;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Images;
import io.hiervl.image.Photo;
import io.hiervl.image.PilResize;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Networks that work on several photos at the same time. */
@Timeout(300)
class PhotosAtOnceTest {
    private static final int SIDE = 32;

    @TempDir
    static Path dir;

    /** Stays in every window until the gate opens. */
    private static final class Held implements InferenceModel {
        final CountDownLatch gate = new CountDownLatch(1);
        final CountDownLatch inside;
        final AtomicInteger calls = new AtomicInteger();
        final AtomicBoolean closed = new AtomicBoolean();
        final int photos;

        Held(int photos) {
            this.photos = photos;
            this.inside = new CountDownLatch(photos);
        }

        Segmenter segmenter() {
            return new Segmenter(this, ClipNormalize.openai(), new EvalConfig(EvalConfig.Window.CLAMPED, SIDE, SIDE, 0));
        }

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
            calls.incrementAndGet();
            inside.countDown();
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException("the worker must not be interrupted", e);
            }
            assertFalse(closed.get(), "freed while a photo was in work");
            return new float[2 * h * w];
        }

        @Override
        public void close() {
            closed.set(true);
        }
    }

    private static CompletableFuture<Prediction> ask(Segmenter s, ExecutorService callers) {
        return CompletableFuture.supplyAsync(() -> s.predict(Photo.black(SIDE, SIDE)), callers);
    }

    @Test
    void asManyAsTheNetworkAllowsAndNoMore() throws Exception {
        Held model = new Held(3);
        ExecutorService callers = Executors.newFixedThreadPool(5);
        try (Segmenter s = model.segmenter()) {
            List<CompletableFuture<Prediction>> answers = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                answers.add(ask(s, callers));
            }
            assertTrue(model.inside.await(30, TimeUnit.SECONDS), "three photos never were in work together");
            Thread.sleep(100);
            assertEquals(3, model.calls.get());
            model.gate.countDown();
            for (CompletableFuture<Prediction> a : answers) {
                assertEquals(SIDE, a.get(30, TimeUnit.SECONDS).labels().width());
            }
            assertEquals(5, model.calls.get());
        } finally {
            callers.shutdownNow();
        }
    }

    @Test
    void closingFinishesWhatIsInWorkAndRefusesTheRest() throws Exception {
        Held model = new Held(2);
        ExecutorService callers = Executors.newFixedThreadPool(4);
        Segmenter s = model.segmenter();
        try {
            CompletableFuture<Prediction> first = ask(s, callers);
            CompletableFuture<Prediction> second = ask(s, callers);
            assertTrue(model.inside.await(30, TimeUnit.SECONDS));
            CompletableFuture<Prediction> waiting = ask(s, callers);
            Thread.sleep(100);
            CompletableFuture<Void> closing = CompletableFuture.runAsync(s::close, callers);
            Thread.sleep(100);
            assertFalse(closing.isDone());
            model.gate.countDown();
            closing.get(30, TimeUnit.SECONDS);
            assertTrue(model.closed.get());
            assertEquals(SIDE, first.get(1, TimeUnit.SECONDS).labels().width());
            assertEquals(SIDE, second.get(1, TimeUnit.SECONDS).labels().width());
            ExecutionException refused = assertThrows(ExecutionException.class, () -> waiting.get(1, TimeUnit.SECONDS));
            assertInstanceOf(IllegalStateException.class, refused.getCause());
            assertThrows(IllegalStateException.class, () -> s.predict(Photo.black(SIDE, SIDE)));
            assertEquals(2, model.calls.get());
        } finally {
            model.gate.countDown();
            callers.shutdownNow();
        }
    }

    /** Photos of one and of many windows, asked by four threads, have the scores of a network that takes one after the other. */
    @Test
    void anOnnxFileGivesTheSameBits() throws IOException, InterruptedException, ExecutionException {
        Path file = Forms.all(dir).get("onnx");
        Photo photo = Images.readPhoto(Forms.PHOTO);
        List<Photo> photos = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            photos.add(PilResize.resize(photo, 40 + 13 * i, 60 + 7 * i, PilResize.Filter.BILINEAR));
        }
        ExecutorService callers = Executors.newFixedThreadPool(4);
        try (Segmenter one = Segmenter.load(file); Segmenter many = Segmenter.builder().threads(4).photosAtOnce(4).load(file)) {
            List<Future<Prediction>> answers = new ArrayList<>();
            photos.forEach(p -> answers.add(callers.submit(() -> many.predict(p))));
            for (int i = 0; i < photos.size(); i++) {
                assertEquals(one.predict(photos.get(i)), answers.get(i).get(), "photo " + i);
            }
        } finally {
            callers.shutdownNow();
        }
        assertThrows(IllegalArgumentException.class, () -> Segmenter.builder().photosAtOnce(0));
    }
}
