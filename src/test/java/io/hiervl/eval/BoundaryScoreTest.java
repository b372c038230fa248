package io.hiervl.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.image.LabelMap;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BoundaryScoreTest {
    private static final int W = 160;
    private static final int H = 120; // 0.75 % of the diagonal of 200 pixels is 1.5

    /** Class 1 in a rectangle, class 0 around it. */
    private static LabelMap box(int x0, int y0, int x1, int y1) {
        int[] values = new int[W * H];
        for (int y = y0; y < y1; y++) {
            for (int x = x0; x < x1; x++) {
                values[y * W + x] = 1;
            }
        }
        return LabelMap.of(values, W, H);
    }

    private static BoundaryScore score(LabelMap predicted, LabelMap truth) {
        BoundaryScore score = new BoundaryScore(3, LabelMap.IGNORE);
        score.add(predicted, truth);
        return score;
    }

    @Test
    void outlinesWithinTheToleranceAreFoundAndOthersAreNot() {
        LabelMap truth = box(40, 30, 100, 80);
        assertEquals(1, score(truth, truth).mean(), 1e-12);
        assertEquals(1, score(box(41, 31, 101, 81), truth).f1(1), 1e-12, "one pixel beside, also at the corners");
        assertEquals(0, score(box(46, 36, 94, 74), truth).f1(1), 1e-12, "six pixels inside");
        // the same outline, but for the right side, which is 20 pixels away
        BoundaryScore right = score(box(40, 30, 120, 80), truth);
        assertTrue(right.f1(1) > 0.6 && right.f1(1) < 0.95, () -> "" + right.f1(1));
        assertTrue(Double.isNaN(right.f1(2)), "no true boundary");
        assertEquals((right.f1(0) + right.f1(1)) / 2, right.mean(), 1e-12);
    }

    @Test
    void pixelsWithoutALabelNeitherCountNorMakeABoundary() {
        byte[] values = box(40, 30, 100, 80).values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] = i % W < 70 ? (byte) LabelMap.IGNORE : values[i];
        }
        LabelMap half = new LabelMap(values, W, H);
        assertEquals(1, score(box(40, 30, 100, 80), half).mean(), 1e-12);
        assertEquals(1, score(box(10, 30, 100, 80), half).mean(), 1e-12, "what differs lies where nobody knows");
    }

    /** Against the definition, pixel by pixel; the radius of the first is 0.375, only the pixel itself, that of the last 3.75. */
    @ParameterizedTest
    @CsvSource({"40,30", "160,120", "120,160", "400,300"})
    void countsFollowTheDefinition(int w, int h) {
        SplittableRandom random = new SplittableRandom(3);
        double radius = 0.0075 * Math.hypot(w, h);
        int[] a = blocks(w, h, random);
        int[] b = a.clone();
        for (int n = 0; n < b.length / 200; n++) {
            b[random.nextInt(b.length)] = random.nextInt(3);
        }
        for (int i = b.length - 1; i > 2 * w; i--) {
            b[i] = b[i - 2 * w - 1]; // all outlines lie lower
        }
        BoundaryScore score = new BoundaryScore(3, LabelMap.IGNORE);
        score.add(LabelMap.of(b, w, h), LabelMap.of(a, w, h));
        for (int k = 0; k < 3; k++) {
            int[] predicted = near(b, a, k, w, radius);
            int[] truth = near(a, b, k, w, radius);
            double precision = (double) predicted[1] / predicted[0];
            double recall = (double) truth[1] / truth[0];
            assertEquals(2 * precision * recall / (precision + recall), score.f1(k), 1e-12);
            assertTrue(score.f1(k) > 0 && score.f1(k) < 1, "the maps are too alike or too different to say anything");
        }
    }

    private static int[] blocks(int w, int h, SplittableRandom random) {
        int side = 9;
        int[] classes = random.ints((w / side + 1L) * (h / side + 1L), 0, 3).toArray();
        int[] map = new int[w * h];
        for (int i = 0; i < map.length; i++) {
            map[i] = classes[i / w / side * (w / side + 1) + i % w / side];
        }
        return map;
    }

    /** Boundary pixels of a class, and how many of them have one of the other map within the radius. */
    private static int[] near(int[] map, int[] other, int k, int w, double radius) {
        int[] counts = new int[2];
        int r = (int) radius;
        for (int i = 0; i < map.length; i++) {
            if (map[i] == k && edge(map, i, w)) {
                counts[0]++;
                boolean found = false;
                for (int y = Math.max(0, i / w - r); y <= Math.min(map.length / w - 1, i / w + r); y++) {
                    for (int x = Math.max(0, i % w - r); x <= Math.min(w - 1, i % w + r); x++) {
                        found |= Math.hypot(x - i % w, y - i / w) <= radius && other[y * w + x] == k && edge(other, y * w + x, w);
                    }
                }
                counts[1] += found ? 1 : 0;
            }
        }
        return counts;
    }

    private static boolean edge(int[] v, int i, int w) {
        return i % w > 0 && v[i - 1] != v[i] || i % w < w - 1 && v[i + 1] != v[i] || i >= w && v[i - w] != v[i]
            || i + w < v.length && v[i + w] != v[i];
    }

    @Test
    void partsOfAListAddUp() {
        LabelMap truth = box(40, 30, 100, 80);
        BoundaryScore whole = score(box(40, 30, 120, 80), truth);
        whole.add(box(46, 36, 94, 74), truth);
        BoundaryScore parts = score(box(40, 30, 120, 80), truth).copy();
        parts.add(score(box(46, 36, 94, 74), truth));
        assertEquals(whole.mean(), parts.mean(), 0);
    }
}
