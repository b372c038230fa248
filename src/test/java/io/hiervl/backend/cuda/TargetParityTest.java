package io.hiervl.backend.cuda;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Labels and weights of training targets against Java in double. */
@Tag("cuda")
class TargetParityTest {
    private static final double SUMS = 5e-6;

    @BeforeAll
    static void load() {
        Emulator.backend();
    }

    /** Equal scores are frequent: the lowest class counts. */
    @ParameterizedTest
    @CsvSource({"2,5,7,9", "1,21,16,16", "3,1,4,4"})
    void bestClasses(int batch, int classes, int height, int width) {
        Comparison c = new Comparison();
        int z = c.given(new long[] {batch, classes, height, width}, i -> i % 3 == 0 ? 0.5 : Math.round(4 * Math.sin(i)) * 0.25);
        int confidence = c.result(batch, height, width);
        int labels = c.result(batch, height, width);
        c.check(SUMS, (k, t) -> k.bestClasses(t[z], t[confidence], t[labels]));
    }

    @ParameterizedTest
    @CsvSource({"2,6,7,3", "1,4,1,1"})
    void groups(int batch, int places, int members, int groups) {
        Comparison c = new Comparison();
        int values = c.normal(1, batch, places, members);
        int group = c.given(new long[] {members}, i -> i % groups);
        int maxima = c.result(batch, groups, places);
        c.check(0, (k, t) -> k.groupMaxima(t[values], t[group], t[maxima]));
    }

    @ParameterizedTest
    @CsvSource({"2,4,3,5,12,17,0.4,true", "1,2,4,4,4,4,0,false", "1,7,5,5,9,3,0.9,true"})
    void sureLabels(int batch, int classes, int h, int w, int height, int width, double threshold, boolean padded) {
        Comparison c = new Comparison();
        int scores = c.normal(3, batch, classes, h, w);
        int valid = c.given(new long[] {batch, height, width}, i -> i % 6 == 0 ? 0 : 1);
        int labels = c.result(batch, height, width);
        int p = c.result(batch, height, width);
        c.check(SUMS, (k, t) -> k.sureLabels(t[scores], padded ? t[valid] : null, threshold, t[labels], t[p]));
    }

    @ParameterizedTest
    @CsvSource({"2,7,9", "3,40,33"})
    void weightsAndCounts(int batch, int height, int width) {
        Comparison c = new Comparison();
        long[] map = {batch, height, width};
        int confidence = c.uniform(map);
        int valid = c.given(map, i -> i % 6 == 0 ? 0 : 1);
        int labels = c.given(map, i -> i % 4);
        int truth = c.given(map, i -> i % 3);
        int sure = c.result(map);
        int mean = c.result(map);
        int counts = c.result(2);
        int right = c.result(1);
        c.check(SUMS, (k, t) -> {
            k.sureWeights(t[confidence], t[valid], 0.6, 0.01, t[sure]);
            k.meanWeights(t[confidence], t[valid], t[mean]);
            k.sureCounts(t[confidence], t[valid], 0.6, t[counts]);
            k.agreement(t[labels], t[truth], t[valid], t[right]);
        });
    }

    /** A box, none, an empty one, and one of the whole image. */
    @ParameterizedTest
    @CsvSource({"3", "1"})
    void boxes(int channels) {
        Comparison c = new Comparison();
        long[] shape = channels == 1 ? new long[] {4, 6, 9} : new long[] {4, channels, 6, 9};
        int batch = c.normal(1, shape);
        int other = c.normal(1, shape);
        int mixed = c.result(shape);
        int[][] boxes = {{1, 4, 2, 9}, null, {3, 3, 0, 5}, {0, 6, 0, 9}};
        int[] partners = {3, 2, 1, 0};
        int map = c.given(new long[] {4, 6, 9}, i -> i % 5 == 0 ? 1 : 0);
        int blank = c.result(shape);
        c.check(0, (k, t) -> {
            k.cutMix(t[batch], t[other], boxes, partners, t[mixed]);
            k.blank(channels == 1 ? t[batch].reshape(4, 1, 6, 9) : t[batch], t[map], t[blank]);
        });
    }
}
