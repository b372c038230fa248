package io.hiervl.backend.cuda;

import io.hiervl.backend.OptimiserKernels;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clipping, AdamW and averages against Java in double. */
@Tag("cuda")
class OptimiserParityTest {
    private static final double SUMS = 5e-6;
    private static final OptimiserKernels.Adam STEP = new OptimiserKernels.Adam(0.999, 0.1, 0.999, 0.02, 0.03, 1e-8);

    @BeforeAll
    static void load() {
        Emulator.backend();
    }

    /** A state of two 64-bit floats where four numbers of the array are. */
    private static Tensor state(Tensor room) {
        return new Tensor(room.storage(), 0, ElementType.DOUBLE, OptimiserKernels.STATE);
    }

    /** A norm above and below the bound, no bound, and a term that is not finite, with which nothing may change. */
    @ParameterizedTest
    @CsvSource({"0.5,0.25", "1000,0.25", "0,0.25", "0.5,NaN", "0.5,Infinity"})
    void update(double max, float term) {
        Comparison c = new Comparison();
        int[] sizes = {1, 300, 9000, 8192 * 2 + 5};
        int[][] a = new int[5][sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            a[0][i] = c.changed(1, sizes[i]);
            a[1][i] = c.normal(0.1, sizes[i]);
            a[2][i] = c.changed(0.1, sizes[i]);
            int second = c.changed(0, sizes[i]);
            a[3][i] = second;
            a[4][i] = c.changed(1, sizes[i]);
        }
        int terms = c.given(new long[] {3}, i -> i == 1 ? term : 0.5);
        int room = c.given(new long[] {4}, i -> 0);
        c.check(SUMS, (k, t) -> {
            Tensor[][] all = new Tensor[a.length][sizes.length];
            OptimiserKernels.Adam[] steps = new OptimiserKernels.Adam[sizes.length];
            for (int i = 0; i < sizes.length; i++) {
                for (int j = 0; j < a.length; j++) {
                    all[j][i] = t[a[j][i]];
                }
                steps[i] = STEP;
            }
            k.clipFactor(all[1], t[terms], max, state(t[room]));
            k.adamW(steps, all[0], all[1], all[2], all[3], state(t[room]));
            k.average(all[0], 0.9, all[4], state(t[room]));
        });
    }

    /** Gradients that are not finite change nothing; a very large one is clipped. */
    @ParameterizedTest
    @CsvSource({"NaN", "Infinity", "1e30"})
    void oddGradients(float odd) {
        Comparison c = new Comparison();
        int p = c.changed(1, 500);
        int g = c.given(new long[] {500}, i -> i == 77 ? odd : 0.1);
        int m = c.changed(1, 500);
        int v = c.given(new long[] {500}, i -> 0.2);
        int average = c.changed(1, 500);
        int room = c.given(new long[] {4}, i -> 0);
        c.check(SUMS, (k, t) -> {
            k.clipFactor(new Tensor[] {t[g]}, null, 1, state(t[room]));
            k.adamW(new OptimiserKernels.Adam[] {STEP}, new Tensor[] {t[p]}, new Tensor[] {t[g]}, new Tensor[] {t[m]}, new Tensor[] {t[v]},
                state(t[room]));
            k.average(new Tensor[] {t[p]}, 0, new Tensor[] {t[average]}, state(t[room]));
        });
    }
}
