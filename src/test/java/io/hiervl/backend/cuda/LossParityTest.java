package io.hiervl.backend.cuda;

import io.hiervl.backend.jvm.PixelCrossEntropyKernel;
import io.hiervl.backend.jvm.PixelEntropyKernel;
import io.hiervl.backend.jvm.SetLossKernel;
import io.hiervl.tensor.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Losses against Java in double. The set loss fails here unless both choose the same points. */
@Tag("cuda")
class LossParityTest {
    private static final double SUMS = 5e-6;

    @BeforeAll
    static void load() {
        Emulator.backend();
    }

    @ParameterizedTest
    @CsvSource({"2,5,7,9", "1,21,33,31", "3,1,4,4"})
    void pixels(int batch, int classes, int height, int width) {
        long[] map = {batch, height, width};
        Comparison c = new Comparison();
        int z = c.normal(4, batch, classes, height, width);
        int labels = c.given(map, i -> i % 7 == 0 ? 255 : i % classes);
        int weights = c.given(map, i -> i % 5 == 0 ? 0 : 0.01 * i);
        int g = c.normal(1, 1);
        int ce = c.result(1);
        int entropy = c.result(1);
        int dce = c.result(batch, classes, height, width);
        int dEntropy = c.result(batch, classes, height, width);
        c.check(SUMS, (k, t) -> {
            k.loss(new PixelCrossEntropyKernel(), new Tensor[] {t[z], t[labels], t[weights]}, new Tensor[] {t[ce]});
            k.loss(new PixelEntropyKernel(1.5), new Tensor[] {t[z], t[weights]}, new Tensor[] {t[entropy]});
            k.lossGradient(new PixelCrossEntropyKernel(), new Tensor[] {t[z], t[labels], t[weights]}, new Tensor[] {t[g]},
                new Tensor[] {t[dce]});
            k.lossGradient(new PixelEntropyKernel(1.5), new Tensor[] {t[z], t[weights]}, new Tensor[] {t[g]}, new Tensor[] {t[dEntropy]});
        });
    }

    /** Points from seeds and points that were given; with and without a column for no object; none, some and all points hard. */
    @ParameterizedTest
    @CsvSource({"false,true,0.75,false", "false,false,0.75,true", "true,true,0.75,true", "false,true,0,false", "false,true,1,true"})
    void sets(boolean given, boolean noObject, double importance, boolean ignore) {
        int batch = 2;
        int classes = 3;
        int rows = 2 * classes + 4;
        int points = 60;
        int columns = noObject ? classes + 1 : classes;
        SetLossKernel kernel = new SetLossKernel(classes, 2, points, 3, importance, ignore, 0.1, 5);
        int hard = (int) (points * importance);
        Comparison c = new Comparison();
        int logits = c.normal(2, batch, rows, columns);
        // equal logits are frequent: ties among the least certain points are broken by their order
        int masks = c.given(new long[] {batch, rows, 12, 10}, i -> i % 11 == 0 ? 0 : Math.round(3 * Math.sin(i)) * 0.5);
        int labels = c.given(new long[] {batch, 24, 20}, i -> i / 20 % 24 < 4 ? 255 : i / 37 % classes);
        int rowClass = c.given(new long[] {batch, rows}, i -> i == 3 ? -100 : i % 4 == 0 ? classes : i % classes);
        int slots = c.given(new long[] {batch, 6, 5}, i -> i % 6 - 1);
        int norms = c.given(new long[] {3}, i -> new double[] {0.3, 0.2, 0.7}[i]);
        int matched = 0;
        for (int i = 0; i < batch * rows; i++) {
            matched += i != 3 && i % 4 != 0 ? 1 : 0;
        }
        int first = given ? c.uniform(matched, 3L * points, 2) : c.given(new long[] {batch}, i -> 1234567 + 99991L * i);
        int second = given ? c.uniform(matched, Math.max(1, points - hard), 2) : -1;
        int[] g = {c.normal(1, 1), c.normal(1, 1), c.normal(1, 1), c.normal(1, 1)};
        int[] loss = {c.result(1), c.result(1), c.result(1), c.result(1)};
        int dLogits = c.result(batch, rows, columns);
        int dMasks = c.result(batch, rows, 12, 10);
        c.check(SUMS, (k, t) -> {
            Tensor[] in = given ? new Tensor[] {t[logits], t[masks], t[labels], t[rowClass], t[slots], t[norms], t[first], t[second]}
                : new Tensor[] {t[logits], t[masks], t[labels], t[rowClass], t[slots], t[norms], t[first]};
            k.loss(kernel, in, new Tensor[] {t[loss[0]], t[loss[1]], t[loss[2]], t[loss[3]]});
            k.lossGradient(kernel, in, new Tensor[] {t[g[0]], t[g[1]], t[g[2]], t[g[3]]}, new Tensor[] {t[dLogits], t[dMasks]});
        });
    }
}
