package io.hiervl.backend.cuda;

import io.hiervl.backend.DeformableShape;
import io.hiervl.tensor.Resize;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kernels of maps, and deformable attention, against Java in double. */
@Tag("cuda")
class MapParityTest {
    private static final double SUMS = 5e-6;

    @BeforeAll
    static void load() {
        Emulator.backend();
    }

    @ParameterizedTest
    @CsvSource({"2,3,6,8", "1,4,7,9", "3,1,2,2"})
    void maxima(int batch, int channels, int height, int width) {
        Comparison c = new Comparison();
        // equal values are frequent: the first of them counts
        int x = c.given(new long[] {batch, channels, height, width}, i -> i * 7 % 5);
        int g = c.normal(1, batch, channels, height / 2, width / 2);
        int y = c.result(batch, channels, height / 2, width / 2);
        int dx = c.result(batch, channels, height, width);
        c.check(SUMS, (k, t) -> {
            k.maxPool2x2(t[x], t[y]);
            k.maxPool2x2Gradient(t[x], t[g], t[dx]);
        });
    }

    @ParameterizedTest
    @CsvSource({"5,7,11,13,BILINEAR", "16,16,4,4,BILINEAR", "3,5,12,5,BICUBIC", "9,8,5,17,BICUBIC", "6,6,9,14,NEAREST", "4,4,4,4,BILINEAR"})
    void interpolation(int h, int w, int height, int width, Resize mode) {
        Comparison c = new Comparison();
        int x = c.normal(1, 2, 3, h, w);
        int g = c.normal(1, 2, 3, height, width);
        int y = c.result(2, 3, height, width);
        int dx = c.result(2, 3, h, w);
        c.check(SUMS, (k, t) -> {
            k.resize(mode, t[x], t[y]);
            k.resizeGradient(mode, t[g], t[dx]);
        });
    }

    @ParameterizedTest
    @CsvSource({"8,8,3,3", "5,6,10,12"})
    void attentionMasks(int h, int w, int height, int width) {
        Comparison c = new Comparison();
        // the second query's mask is empty
        int x = c.given(new long[] {2, 3, h, w}, i -> i / (h * w) == 1 ? -1 : Math.sin(i * 0.7) + 0.1);
        int mask = c.result(2, 3, (long) height * width);
        c.check(0, (k, t) -> k.attentionMask(t[x], height, width, t[mask]));
    }

    @ParameterizedTest
    @CsvSource({"1,5,8,2,1", "2,9,48,4,4", "2,3,70,1,3"})
    void deformableAttention(int batch, int queries, int width, int heads, int points) {
        DeformableShape s = new DeformableShape(batch, queries, width, heads, points, new int[] {6, 5, 3, 4});
        long samples = (long) heads * s.samples();
        Comparison c = new Comparison();
        int value = c.normal(1, batch, s.tokens(), width);
        int offsets = c.normal(2, batch, queries, samples * 2);
        int weights = c.normal(1, batch, queries, samples);
        int reference = c.uniform(queries, 2);
        int g = c.normal(1, batch, queries, width);
        int y = c.result(batch, queries, width);
        int dValue = c.result(batch, s.tokens(), width);
        int dOffsets = c.result(batch, queries, samples * 2);
        int dWeights = c.result(batch, queries, samples);
        c.check(2e-5, (k, t) -> {
            k.deformableAttention(s, t[value], t[offsets], t[weights], t[reference], t[y]);
            k.deformableAttentionGradient(s, t[value], t[offsets], t[weights], t[reference], t[g], t[dValue], t[dOffsets], t[dWeights]);
        });
    }
}
