package io.hiervl.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.config.EvalConfig.Window;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SlidingWindowTest {
    /** Scores are the first two planes, so stitching must give them back exactly. */
    private record Planes(int multiple) implements WindowModel {
        @Override
        public int classes() {
            return 2;
        }

        @Override
        public float[] scores(float[] chw, int h, int w) {
            assertEquals(0, h % multiple + w % multiple, "window size");
            return Arrays.copyOf(chw, 2 * h * w);
        }

        @Override
        public int sizeMultiple() {
            return multiple;
        }
    }

    private static float[] ramp(int h, int w) {
        float[] chw = new float[3 * h * w];
        for (int i = 0; i < chw.length; i++) {
            chw[i] = i * 0.25f;
        }
        return chw;
    }

    @Test
    void everyRuleGivesALocalModelsScoresBack() {
        for (Window rule : Window.values()) {
            for (int[] size : List.of(new int[] {20, 37}, new int[] {5, 7}, new int[] {16, 16}, new int[] {1, 1}, new int[] {17, 50})) {
                float[] image = ramp(size[0], size[1]);
                Scores s = new SlidingWindow(rule, 16, 8).score(new Planes(4), image, size[0], size[1]);
                assertArrayEquals(Arrays.copyOf(image, 2 * size[0] * size[1]), s.values(), 1e-4f, rule + " " + Arrays.toString(size));
            }
        }
    }

    /** One score for a whole window, that of its first pixel. */
    private static final WindowModel FIRST = new WindowModel() {
        @Override
        public int classes() {
            return 1;
        }

        @Override
        public float[] scores(float[] chw, int h, int w) {
            float[] out = new float[h * w];
            Arrays.fill(out, chw[0]);
            return out;
        }
    };

    /** Largest difference of neighbours where every second window says 1 and the others 0. */
    private static float largestStep(Window rule) {
        float[] image = new float[3 * 32 * 110];
        for (int i = 0; i < image.length; i++) {
            image[i] = i % 110 / 16 % 2;
        }
        float[] s = new SlidingWindow(rule, 32, 16).score(FIRST, image, 32, 110).values();
        float step = 0;
        for (int x = 1; x < 110; x++) {
            step = Math.max(step, Math.abs(s[x] - s[x - 1]));
        }
        return step;
    }

    @Test
    void blendedWindowsLeaveNoStripes() {
        assertTrue(largestStep(Window.CLAMPED) >= 0.5f, "averaged windows jump at their edges: " + largestStep(Window.CLAMPED));
        assertTrue(largestStep(Window.BLENDED) < 0.12f, "blended windows: " + largestStep(Window.BLENDED));
    }

    @Test
    void truncatedWindowsAreThoseOfUniMatch() {
        SlidingWindow rule = new SlidingWindow(Window.TRUNCATED, 12, 8);
        assertEquals(
            List.of(new SlidingWindow.Window(0, 0, 12, 12), new SlidingWindow.Window(0, 8, 12, 9), new SlidingWindow.Window(0, 16, 12, 1),
                new SlidingWindow.Window(8, 0, 5, 12), new SlidingWindow.Window(8, 8, 5, 9), new SlidingWindow.Window(8, 16, 5, 1)),
            rule.windows(13, 17));
        assertEquals(List.of(new SlidingWindow.Window(0, 0, 13, 17)), new SlidingWindow(Window.WHOLE, 12, 8).windows(13, 17));
    }

    @Test
    void gapsBetweenWindowsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new SlidingWindow(Window.CLAMPED, 16, 17));
    }

    @Test
    void resizingInterpolatesScoresNotLabels() {
        // class 0 falls from 4 to 0, class 1 is 1.5: they cross between the two source pixels
        Segmentation s = new Scores(new float[] {4, 0, 1.5f, 1.5f}, 2, 1, 2).segment(1, 8);
        assertArrayEquals(new byte[] {0, 0, 0, 0, 0, 1, 1, 1}, s.labels().values());
        // torch: source (i + 0.5) / 4 - 0.5, so pixel 2 lies at 0.125
        assertEquals(3.5f, s.score()[2], 1e-6f);
        assertTrue(s.score()[7] == 1.5f && s.score()[0] == 4);
    }
}
