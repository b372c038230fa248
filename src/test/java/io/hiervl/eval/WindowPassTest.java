package io.hiervl.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.Progress;
import io.hiervl.config.EvalConfig.Window;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Photo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Batches and lanes change the speed and nothing else. */
class WindowPassTest {
    /** Scores with a memory of the whole window, so that mixed up windows would show. */
    private static class Sums implements WindowModel {
        final int batch;
        final int lanes;
        final List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());

        Sums(int batch, int lanes) {
            this.batch = batch;
            this.lanes = lanes;
        }

        @Override
        public int classes() {
            return 3;
        }

        @Override
        public int batch(int h, int w) {
            return batch;
        }

        @Override
        public int lanes(int h, int w) {
            return lanes;
        }

        @Override
        public float[] scores(float[] chw, int h, int w) {
            return scores(chw, 1, h, w);
        }

        @Override
        public float[] scores(float[] nchw, int n, int h, int w) {
            sizes.add(n);
            float[] out = new float[n * 3 * h * w];
            for (int i = 0; i < n; i++) {
                float mean = 0;
                for (int j = 0; j < 3 * h * w; j++) {
                    mean += nchw[i * 3 * h * w + j] / (3 * h * w);
                }
                for (int j = 0; j < 3 * h * w; j++) {
                    out[i * 3 * h * w + j] = nchw[i * 3 * h * w + j] * 0.3f + mean + j % w * 0.01f;
                }
            }
            return out;
        }
    }

    private static Photo photo(int width, int height, long seed) {
        byte[] rgb = new byte[3 * width * height];
        new Random(seed).nextBytes(rgb);
        return new Photo(rgb, width, height);
    }

    private static ImageSegmenter segmenter(WindowModel model, Window rule) {
        return new ImageSegmenter(model, ClipNormalize.openai(), new SlidingWindow(rule, 16, 8), 0);
    }

    @Test
    void batchesAndLanesGiveTheSameBits() {
        for (Window rule : Window.values()) {
            Sums batched = new Sums(4, 3);
            for (int[] size : new int[][] {{90, 70}, {16, 16}, {5, 40}, {33, 17}}) {
                Photo photo = photo(size[0], size[1], size[0]);
                Segmentation one = segmenter(new Sums(1, 1), rule).segment(photo, 50, 60);
                Segmentation many = segmenter(batched, rule).segment(photo, 50, 60);
                assertArrayEquals(one.score(), many.score(), rule + " " + Arrays.toString(size));
                assertArrayEquals(one.labels().values(), many.labels().values(), rule + " " + Arrays.toString(size));
            }
            assertEquals(rule == Window.CLAMPED || rule == Window.BLENDED, batched.sizes.contains(4),
                "batches of 4 with " + rule + ": " + batched.sizes);
        }
    }

    @Test
    void photosTogetherAreSegmentedAsAlone() {
        List<ImageSegmenter.Request> requests = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            requests.add(new ImageSegmenter.Request(photo(9 + i, 14, i), 9 + 2 * i, 14));
        }
        Sums model = new Sums(4, 2);
        List<Segmentation> together = segmenter(model, Window.BLENDED).segment(requests, Progress.NONE);
        assertTrue(model.sizes.size() < 20, "small photos share batches: " + model.sizes);
        for (int i = 0; i < 20; i++) {
            ImageSegmenter.Request r = requests.get(i);
            assertArrayEquals(segmenter(new Sums(1, 1), Window.BLENDED).segment(r.photo(), r.width(), r.height()).score(),
                together.get(i).score());
        }
    }

    @Test
    void rowsOfATallImageAreDoneBeforeItsEndIsScored() {
        AtomicInteger rows = new AtomicInteger();
        List<Integer> before = new ArrayList<>();
        Sums model = new Sums(1, 1) {
            @Override
            public float[] scores(float[] nchw, int n, int h, int w) {
                before.add(rows.get());
                return super.scores(nchw, n, h, w);
            }
        };
        SlidingWindow rule = new SlidingWindow(Window.CLAMPED, 16, 8);
        RowSink sink = (y, values, at, stride) -> assertEquals(y, rows.getAndIncrement());
        Photo photo = photo(40, 1000, 3);
        new WindowPass(model, List.of(new WindowTask(rule, 3, 1000, 40, WindowTask.of(photo, ClipNormalize.openai()), sink)))
            .run(Progress.NONE);
        assertEquals(1000, rows.get());
        assertTrue(before.get(before.size() - 1) >= 1000 - 24, "rows done before the last window: " + before.get(before.size() - 1));
    }

    @Test
    @Timeout(value = 20, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aFailureInOneLaneEndsAllOfThem() {
        AtomicInteger calls = new AtomicInteger();
        Sums model = new Sums(1, 2) {
            @Override
            public float[] scores(float[] nchw, int n, int h, int w) {
                if (calls.incrementAndGet() == 5) {
                    throw new IllegalStateException("window 5");
                }
                return super.scores(nchw, n, h, w);
            }
        };
        ImageSegmenter segmenter = segmenter(model, Window.CLAMPED);
        assertEquals("window 5", assertThrows(IllegalStateException.class, () -> segmenter.segment(photo(90, 70, 1))).getMessage());
        assertTrue(calls.get() < 12, "windows after the failure: " + calls.get());
        assertEquals(90, segmenter.segment(photo(90, 70, 1)).labels().width(), "and it can be used again");
    }

    @Test
    void aLimitOfPixelsKeepsTheSizeOfTheLabels() {
        AtomicInteger pixels = new AtomicInteger();
        Sums model = new Sums(1, 1) {
            @Override
            public float[] scores(float[] nchw, int n, int h, int w) {
                pixels.addAndGet(h * w);
                return super.scores(nchw, n, h, w);
            }
        };
        Segmentation s = segmenter(model, Window.WHOLE).withMaxPixels(1200).segment(photo(80, 60, 2));
        assertEquals(40 * 30, pixels.get());
        assertEquals("80x60", s.labels().width() + "x" + s.labels().height());
    }
}
