package io.hiervl.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.GoldenFixtures.Case;
import io.hiervl.GoldenSuite;
import io.hiervl.config.EvalConfig;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Window grids and stitched scores against a numpy statement of the rule. */
class GoldenSlidingTest {
    @TestFactory
    List<DynamicTest> golden() {
        return new GoldenSuite("sliding")
            .on("sliding_window", GoldenSuite.PLAIN, (c, setting) -> stitched(c))
            .on("window_grid", GoldenSuite.PLAIN, (c, setting) -> grid(c)).tests();
    }

    private static void grid(Case c) {
        c.config.get("sizes_h_w_crop").forEach(s -> {
            int h = s.get(0).asInt();
            int w = s.get(1).asInt();
            int crop = s.get(2).asInt();
            c.check("starts_" + h + "x" + w + "_" + crop, starts(SlidingWindow.half(crop), h, w));
        });
    }

    private static int[] starts(SlidingWindow rule, int h, int w) {
        return rule.windows(h, w).stream().flatMap(x -> Stream.of(x.y(), x.x())).mapToInt(Integer::intValue).toArray();
    }

    private static void stitched(Case c) {
        SlidingWindow rule = new SlidingWindow(EvalConfig.Window.CLAMPED, c.config.get("crop").asInt(), c.config.get("stride").asInt());
        int h = (int) c.shape("image")[1];
        int w = (int) c.shape("image")[2];
        c.check("windows", starts(rule, h, w));
        c.check("counts", rule.counts(h, w));
        Scores scores = rule.score(new LinearModel(c.floats("A")), c.floats("image"), h, w);
        float[] values = scores.values();
        c.check("score", IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray(), false);
        c.check("label", scores.segment(h, w).labels().values());
    }

    /** score[k] = sum_c A[k,c] x[c] + k b, b rising over the window. */
    private record LinearModel(float[] a) implements WindowModel {
        @Override
        public int classes() {
            return a.length / 3;
        }

        @Override
        public float[] scores(float[] chw, int h, int w) {
            assertEquals(h, w);
            int n = h * w;
            float[] out = new float[classes() * n];
            for (int k = 0; k < classes(); k++) {
                for (int i = 0; i < n; i++) {
                    double b = (double) i / (n - 1);
                    double s = k * b;
                    for (int ch = 0; ch < 3; ch++) {
                        s += (double) a[3 * k + ch] * chw[ch * n + i];
                    }
                    out[k * n + i] = (float) s;
                }
            }
            return out;
        }
    }
}
