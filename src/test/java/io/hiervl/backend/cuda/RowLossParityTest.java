package io.hiervl.backend.cuda;

import io.hiervl.backend.LossKernel;
import io.hiervl.backend.jvm.GateBceKernel;
import io.hiervl.backend.jvm.MaskedPatchesKernel;
import io.hiervl.backend.jvm.PromptAnchorKernel;
import io.hiervl.backend.jvm.PromptTopologyKernel;
import io.hiervl.backend.jvm.QueryTextKernel;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Small losses of rows, and confident rows, against Java in double. */
@Tag("cuda")
class RowLossParityTest {
    private static final double SUMS = 5e-6;

    @BeforeAll
    static void load() {
        Emulator.backend();
    }

    /** Compares a loss and the gradients of its leading inputs; one of them alone too. */
    private static void check(Comparison c, LossKernel kernel, int[] in, long[]... gradients) {
        int g = c.normal(1, 1);
        int loss = c.result(1);
        int[] d = Arrays.stream(gradients).mapToInt(c::result).toArray();
        int alone = c.result(gradients[gradients.length - 1]);
        c.check(SUMS, (k, t) -> {
            Tensor[] inputs = Arrays.stream(in).mapToObj(i -> t[i]).toArray(Tensor[]::new);
            k.loss(kernel, inputs, new Tensor[] {t[loss]});
            k.lossGradient(kernel, inputs, new Tensor[] {t[g]}, Arrays.stream(d).mapToObj(i -> t[i]).toArray(Tensor[]::new));
            Tensor[] one = new Tensor[d.length];
            one[d.length - 1] = t[alone];
            k.lossGradient(kernel, inputs, new Tensor[] {t[g]}, one);
        });
    }

    /** Images with some, all and none of the classes. */
    @ParameterizedTest
    @CsvSource({"3,5", "2,300", "1,1"})
    void gates(int batch, int classes) {
        Comparison c = new Comparison();
        int logit = c.normal(5, batch, classes);
        int presence = c.given(new long[] {batch, classes}, i -> i / classes == 1 ? 1 : i / classes == 2 ? 0 : i % 3 == 0 ? 1 : 0);
        int weights = c.given(new long[] {batch}, i -> 0.3 + i);
        check(c, new GateBceKernel(), new int[] {logit, presence, weights}, new long[] {batch, classes});
    }

    @ParameterizedTest
    @CsvSource({"2,7,4,9,true,false", "2,7,4,9,false,false", "1,40,3,130,true,true", "2,5,3,8,false,true"})
    void queriesAndTexts(int batch, int queries, int classes, int width, boolean normalise, boolean detach) {
        Comparison c = new Comparison();
        int x = c.normal(2, batch, queries, width);
        int t = c.normal(1, classes, width);
        // some rows have no class, some no weight; the last class has no row
        int rowClass = c.given(new long[] {batch, queries}, i -> i % 5 == 0 ? classes : i % 7 == 0 ? -100 : i % (classes - 1));
        int weights = c.given(new long[] {batch, queries}, i -> i % 4 == 1 ? 0 : 0.1 + i);
        check(c, new QueryTextKernel(normalise, detach), new int[] {x, t, rowClass, weights}, new long[] {batch, queries, width},
            new long[] {classes, width});
    }

    @ParameterizedTest
    @CsvSource({"5,9,1,true", "5,9,2,false", "1,4,1,true", "21,70,2,true"})
    void anchors(int classes, int width, int power, boolean mean) {
        Comparison c = new Comparison();
        int f = c.normal(1, classes, width);
        int clip = c.normal(1, classes, width);
        check(c, new PromptAnchorKernel(0.7, power, mean, 1e-8, 0.25), new int[] {f, clip}, new long[] {classes, width});
    }

    @ParameterizedTest
    @CsvSource({"5,9", "1,4", "21,70"})
    void topologies(int classes, int width) {
        Comparison c = new Comparison();
        int t = c.normal(3, classes, width);
        int clip = c.normal(1, classes, width);
        check(c, new PromptTopologyKernel(0.25), new int[] {t, clip}, new long[] {classes, width});
    }

    @ParameterizedTest
    @CsvSource({"2,7,4,9,CONSISTENCY", "2,7,4,9,TEXT", "1,33,40,70,TEXT", "1,33,40,70,CONSISTENCY"})
    void maskedPatches(int batch, int patches, int classes, int width, MaskedPatchesKernel.Equation equation) {
        Comparison c = new Comparison();
        int x = c.normal(1, batch, patches, width);
        int t = c.normal(1, classes, width);
        int reference = c.normal(1, batch, patches, width);
        int labels = c.given(new long[] {batch, patches}, i -> i % 6 == 5 ? -1 : i % 9 == 8 ? 255 : i % classes);
        int weights = c.given(new long[] {batch, patches}, i -> i % 4 == 1 ? 0 : 0.02 * (1 + i));
        check(c, new MaskedPatchesKernel(0.3, equation), new int[] {x, t, reference, labels, weights},
            new long[] {batch, patches, width}, new long[] {classes, width});
    }

    /** With and without a column for no object; a threshold, and none. */
    @ParameterizedTest
    @CsvSource({"2,9,4,5,0.6", "2,9,4,4,0.6", "3,300,7,8,0.3", "2,9,4,5,0"})
    void confidentRows(int batch, int rows, int classes, int columns, double threshold) {
        Comparison c = new Comparison();
        // equal logits are frequent: the first of them counts; nothing is near the threshold
        int logits = c.given(new long[] {batch, rows, columns}, i -> i * 7919 % 5);
        int chosen = c.result(batch, rows);
        int weights = c.result(batch, rows);
        int alone = c.result(batch, rows);
        c.check(1e-7, (k, t) -> {
            k.confidentRows(t[logits], classes, threshold, t[chosen], t[weights]);
            k.confidentRows(t[logits], classes, threshold, null, t[alone]);
        });
    }
}
