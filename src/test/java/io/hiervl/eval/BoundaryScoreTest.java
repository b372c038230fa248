package io.hiervl.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.image.LabelMap;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

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

    /** Against the definition, pixel by pixel. */
    @Test
    void countsFollowTheDefinition() {
        SplittableRandom random = new SplittableRandom(3);
        int w = 40;
        int h = 30; // radius 0.375: only the pixel itself
        int[] a = random.ints((long) w * h, 0, 3).toArray();
        int[] b = a.clone();
        for (int i = 0; i < b.length; i += 7) {
            b[i] = (b[i] + 1) % 3;
        }
        BoundaryScore score = new BoundaryScore(3, LabelMap.IGNORE);
        score.add(LabelMap.of(b, w, h), LabelMap.of(a, w, h));
        for (int k = 0; k < 3; k++) {
            int predicted = 0;
            int truth = 0;
            int both = 0;
            for (int i = 0; i < a.length; i++) {
                boolean p = b[i] == k && edge(b, i, w);
                boolean t = a[i] == k && edge(a, i, w);
                predicted += p ? 1 : 0;
                truth += t ? 1 : 0;
                both += p && t ? 1 : 0;
            }
            assertEquals(2.0 * both / (predicted + truth), score.f1(k), 1e-12);
        }
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
