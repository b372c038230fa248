package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.config.AugmentationConfig;
import io.hiervl.config.AugmentationConfig.Blur;
import io.hiervl.config.AugmentationConfig.Colour;
import io.hiervl.config.AugmentationConfig.Cutmix;
import io.hiervl.config.AugmentationConfig.Geometry;
import io.hiervl.config.AugmentationConfig.ScaleMode;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/**
 * The random draws follow hiervl section 9.2. Bounds come from the sampling error of N draws: a frequency or a mean may
 * miss its expectation by 4 standard errors (chance 6e-5 each), a sample may differ from a uniform law by 1.95 / sqrt(n)
 * in the Kolmogorov-Smirnov distance (chance 1e-3). Draws are seeded, so a test that passes keeps passing.
 */
class DrawStatisticsTest {
    private static final int N = 40_000;
    private static final double SIGMAS = 4;
    private static final AugmentationConfig UNIMATCH = AugmentationConfig.unimatch();

    private static void frequency(String what, double expected, long hits, long n) {
        assertEquals(expected, (double) hits / n, SIGMAS * Math.sqrt(expected * (1 - expected) / n), what);
    }

    private static double[] sample(int n, DoubleSupplier draw) {
        double[] values = new double[n];
        Arrays.setAll(values, i -> draw.getAsDouble());
        return values;
    }

    private static void uniform(String what, double least, double most, double[] sample) {
        double[] sorted = sample.clone();
        Arrays.sort(sorted);
        double distance = 0;
        for (int i = 0; i < sorted.length; i++) {
            double law = (sorted[i] - least) / (most - least);
            assertTrue(law >= 0 && law <= 1, what + ": " + sorted[i]);
            distance = Math.max(distance, Math.max(law - (double) i / sorted.length, (i + 1.0) / sorted.length - law));
        }
        assertTrue(distance < 1.95 / Math.sqrt(sorted.length), what + " differs from uniform by " + distance);
    }

    /** Integers spread to an interval of one, so that a uniform law of integers becomes continuous. */
    private static double spread(int value, SplittableRandom random) {
        return value + random.nextDouble();
    }

    @Test
    void longSideIsAUniformInteger() {
        Geometric geometry = new Geometric(512, UNIMATCH);
        SplittableRandom random = new SplittableRandom(1);
        SplittableRandom noise = new SplittableRandom(2);
        uniform("landscape", 250, 1001, sample(N, () -> {
            Geometric.Draw d = geometry.draw(500, 375, random);
            assertEquals((int) (375.0 * d.width() / 500 + 0.5), d.height());
            return spread(d.width(), noise);
        }));
        uniform("portrait", 250, 1001, sample(N, () -> {
            Geometric.Draw d = geometry.draw(333, 500, random);
            assertEquals((int) (333.0 * d.height() / 500 + 0.5), d.width());
            return spread(d.height(), noise);
        }));
    }

    @Test
    void cropsAreUniformOverThePaddedPhotoAndFlipsFair() {
        AugmentationConfig fixed =
            new AugmentationConfig(new Geometry(ScaleMode.LONG_SIDE, 2, 2, 2048, 512, 0.5), new Colour(0, 0, 0, 0, 0, 0, 0),
                new Blur(0, 0, 0), new Cutmix(0, 0.02, 0.4, 0.3));
        Geometric geometry = new Geometric(512, fixed);
        SplittableRandom random = new SplittableRandom(3);
        SplittableRandom noise = new SplittableRandom(4);
        double[] top = new double[N];
        long[] flips = {0};
        uniform("left", 0, 1000 - 512 + 1, sample(N, () -> {
            Geometric.Draw d = geometry.draw(500, 375, random);
            flips[0] += d.flip() ? 1 : 0;
            return spread(d.left(), noise);
        }));
        Arrays.setAll(top, i -> spread(geometry.draw(500, 375, random).top(), noise));
        uniform("top", 0, 750 - 512 + 1, top);
        frequency("flip", 0.5, flips[0], N);
        Geometric.Draw small = new Geometric(1024, fixed).draw(500, 375, random);
        assertEquals("0 0", small.left() + " " + small.top(), "what is smaller than the crop is padded on the right and below only");
    }

    /** mmseg: (int) (2048 r), (int) (512 r), then the largest size of the photo's shape that fits into both. */
    @Test
    void ratioIsUniformAndGivesTheSizesOfMmseg() {
        AugmentationConfig ratio =
            new AugmentationConfig(new Geometry(ScaleMode.RATIO, 0.5, 2, 2048, 512, 0), new Colour(0, 0, 0, 0, 0, 0, 0),
                new Blur(0, 0, 0), new Cutmix(0, 0.02, 0.4, 0.3));
        SplittableRandom random = new SplittableRandom(5);
        SplittableRandom noise = new SplittableRandom(6);
        Geometric geometry = new Geometric(512, ratio);
        uniform("short side", 256, 1024, sample(N, () -> spread(geometry.draw(500, 375, random).height(), noise)));
        // computed with mmcv's rescale_size
        int[][] sizes =
            {{500, 375, 5000, 341, 256}, {500, 375, 7331, 500, 375}, {500, 375, 16180, 1104, 828}, {375, 500, 19999, 1023, 1364},
                {500, 333, 16180, 1243, 828}, {2048, 1024, 7331, 750, 375}, {300, 1600, 16180, 621, 3313}, {683, 512, 5000, 342, 256}};
        for (int[] s : sizes) {
            double r = s[2] / 1e4;
            AugmentationConfig one =
                new AugmentationConfig(new Geometry(ScaleMode.RATIO, r, r, 2048, 512, 0), new Colour(0, 0, 0, 0, 0, 0, 0),
                    new Blur(0, 0, 0), new Cutmix(0, 0.02, 0.4, 0.3));
            Geometric.Draw d = new Geometric(512, one).draw(s[0], s[1], random);
            assertEquals(s[3] + "x" + s[4], d.width() + "x" + d.height(), Arrays.toString(s));
        }
    }

    @Test
    void strongViewsFollowTheirProbabilitiesAndStrengths() {
        StrongView strong = new StrongView(512, UNIMATCH);
        SplittableRandom random = new SplittableRandom(7);
        StrongView.Draw[] first = new StrongView.Draw[N];
        StrongView.Draw[] second = new StrongView.Draw[N];
        for (int i = 0; i < N; i++) {
            first[i] = strong.draw(random);
            second[i] = strong.draw(random);
        }
        frequency("jitter", 0.8, Arrays.stream(first).filter(d -> d.jitter() != null).count(), N);
        frequency("grey", 0.2, Arrays.stream(first).filter(StrongView.Draw::grey).count(), N);
        frequency("blur", 0.5, Arrays.stream(first).filter(d -> d.blur() > 0).count(), N);
        // independent of each other and of the other view
        long both = 0;
        long all = 0;
        for (int i = 0; i < N; i++) {
            both += first[i].jitter() != null && second[i].jitter() != null ? 1 : 0;
            all += first[i].jitter() != null && first[i].grey() && first[i].blur() > 0 ? 1 : 0;
        }
        frequency("jitter of both views", 0.8 * 0.8, both, N);
        frequency("all three changes", 0.8 * 0.2 * 0.5, all, N);
        uniform("blur radius", 0.1, 2, Arrays.stream(first).mapToDouble(StrongView.Draw::blur).filter(b -> b > 0).toArray());
        uniform("brightness", 0.5, 1.5, jitters(first, StrongView.Jitter::brightness));
        uniform("contrast", 0.5, 1.5, jitters(first, StrongView.Jitter::contrast));
        uniform("saturation", 0.5, 1.5, jitters(first, StrongView.Jitter::saturation));
        uniform("hue", -0.25, 0.25, jitters(first, StrongView.Jitter::hue));
        orders(first);
    }

    private static double[] jitters(StrongView.Draw[] draws, ToDoubleFunction<StrongView.Jitter> factor) {
        return Arrays.stream(draws).filter(d -> d.jitter() != null).mapToDouble(d -> factor.applyAsDouble(d.jitter())).toArray();
    }

    /** All 24 orders, each as often as the others: chi-square with 23 degrees of freedom stays below 49.7 (chance 1e-3). */
    private static void orders(StrongView.Draw[] draws) {
        Map<Object, Integer> counts = new HashMap<>();
        Arrays.stream(draws).filter(d -> d.jitter() != null).forEach(d -> counts.merge(d.jitter().order(), 1, Integer::sum));
        assertEquals(24, counts.size());
        double n = counts.values().stream().mapToInt(Integer::intValue).sum();
        double chi = counts.values().stream().mapToDouble(c -> (c - n / 24) * (c - n / 24) / (n / 24)).sum();
        assertTrue(chi < 49.7, "chi-square of the orders " + chi);
    }

    @Test
    void cutMixBoxesFollowTheRejectionRule() {
        SplittableRandom random = new SplittableRandom(8);
        int crop = 512;
        CutMix.Box[] boxes = new CutMix.Box[N];
        Arrays.setAll(boxes, i -> CutMix.draw(crop, UNIMATCH, random));
        CutMix.Box[] drawn = Arrays.stream(boxes).filter(b -> b != null).toArray(CutMix.Box[]::new);
        frequency("box", 0.5, drawn.length, N);
        // sides are cut to whole pixels, so an area misses its draw by less than a row and a column, 1 % of the smallest box at most
        double[] area = Arrays.stream(drawn).mapToDouble(b -> (double) b.area() / (crop * crop)).toArray();
        double mean = Arrays.stream(area).average().orElseThrow();
        double rounding = 2 * Math.sqrt(0.21) / crop;
        assertEquals(0.21, mean, SIGMAS * 0.38 / Math.sqrt(12.0 * area.length) + rounding);
        assertTrue(Arrays.stream(area).max().orElseThrow() <= 0.4 && Arrays.stream(area).min().orElseThrow() > 0.019);
        double[] law = rejectionLaw(crop);
        double[] log = Arrays.stream(drawn).mapToDouble(b -> Math.log((double) (b.bottom() - b.top()) / (b.right() - b.left()))).toArray();
        double[] left = Arrays.stream(drawn).mapToDouble(CutMix.Box::left).toArray();
        // one pixel of a side of at least 37 shifts the logarithm by less than 0.01 on average
        expectation("logarithm of height / width", law[0], log, 0.01);
        expectation("left", law[1], left, 0);
        uniform("place within its free range", 0, 1, Arrays.stream(drawn)
            .mapToDouble(b -> (b.top() + random.nextDouble()) / (crop - (b.bottom() - b.top()) + 1)).toArray());
    }

    private static void expectation(String what, double expected, double[] sample, double more) {
        double mean = Arrays.stream(sample).average().orElseThrow();
        double variance = Arrays.stream(sample).map(v -> (v - mean) * (v - mean)).sum() / (sample.length - 1);
        assertEquals(expected, mean, SIGMAS * Math.sqrt(variance / sample.length) + more, what);
    }

    /**
     * Means of log(h / w) and of the left edge by integration: the area is uniform, and given the area an aspect is
     * accepted with the share of places at which the box lies inside.
     */
    private static double[] rejectionLaw(int crop) {
        double log = 0;
        double left = 0;
        int areas = 200;
        for (int a = 0; a < areas; a++) {
            double area = (0.02 + 0.38 * (a + 0.5) / areas) * crop * crop;
            double weight = 0;
            double logs = 0;
            double lefts = 0;
            for (int r = 0; r < 2000; r++) {
                double aspect = 0.3 + (1 / 0.3 - 0.3) * (r + 0.5) / 2000;
                int w = (int) Math.sqrt(area / aspect);
                int h = (int) Math.sqrt(area * aspect);
                double places = w > crop || h > crop ? 0 : (double) Math.min(crop, crop - w + 1) * Math.min(crop, crop - h + 1);
                weight += places;
                logs += places * Math.log((double) h / w);
                lefts += places * (crop - w) / 2.0;
            }
            log += logs / weight / areas;
            left += lefts / weight / areas;
        }
        return new double[] {log, left};
    }
}
