package io.hiervl.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.op.SameDiffOps;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.imports.converters.ImportClassMapping;

/** Copies, places, sums, norms and point-wise kernels against Java in double. */
@Tag("cuda")
class ElementParityTest {
    private static final double TIGHT = 1e-6;
    private static final double SUMS = 5e-6;

    @BeforeAll
    static void load() {
        Emulator.backend();
    }

    private static long[] shape(String text) {
        return text.isEmpty() ? new long[0] : Arrays.stream(text.split(" ")).mapToLong(Long::parseLong).toArray();
    }

    @Test
    void everySupportedOpExists() {
        SameDiffOps.start();
        Set<String> known = ImportClassMapping.getOpNameMapping().keySet().stream().filter(op -> op != null && SupportedOps.names(op))
            .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(SupportedOps.all(), known);
    }

    @ParameterizedTest
    @CsvSource({"2 3 4,2 3 4", "2 3 4,4", "4,2 3 4", "2 3 4,2 1 4", "2 1 4,1 3 1", "5 1 7 1,5 6 7 3", "300 129,129", "2 3 5 2 3,2 1 5 1 3"})
    void broadcasts(String a, String b) {
        long[] y = io.hiervl.tensor.Shapes.broadcast(shape(a), shape(b));
        Comparison c = new Comparison();
        int x = c.normal(1, shape(a));
        int w = c.normal(1, shape(b));
        int g = c.normal(1, y);
        int sum = c.result(y);
        int product = c.result(y);
        int repeated = c.result(y);
        int da = c.result(shape(a));
        int summed = c.result(shape(a));
        c.check(SUMS, (k, t) -> {
            k.add(t[x], t[w], t[sum]);
            k.multiply(t[x], t[w], t[product]);
            k.repeat(t[x], t[repeated]);
            k.multiplyGradient(t[w], t[g], t[da]);
            k.repeatGradient(t[g], t[summed]);
        });
    }

    @ParameterizedTest
    @CsvSource({"3 5 7,0", "3 5 7,1", "3 5 7,2", "2 1 9 3,2"})
    void slicesAndConcatenations(String text, int axis) {
        long[] whole = shape(text);
        long[] part = whole.clone();
        part[axis] = whole[axis] - 2;
        long[] both = whole.clone();
        both[axis] += part[axis];
        Comparison c = new Comparison();
        int x = c.normal(1, whole);
        int g = c.normal(1, part);
        int cut = c.result(part);
        int around = c.result(whole);
        int added = c.result(whole);
        int inPlace = c.changed(1, whole);
        int joined = c.result(both);
        c.check(TIGHT, (k, t) -> {
            k.slice(t[x], axis, 1, t[cut]);
            k.sliceGradient(t[g], axis, 1, t[around]);
            k.addToSlice(t[x], t[g], axis, 2, t[added]);
            k.addToSlice(t[inPlace], t[g], axis, 0, t[inPlace]);
            k.concat(new Tensor[] {t[x], t[g]}, axis, t[joined]);
        });
    }

    @Test
    void placesAndConstants() {
        Comparison c = new Comparison();
        int x = c.normal(1, 3, 4, 5, 6);
        int y = c.result(5, 3, 6, 4);
        int copy = c.result(3, 4, 5, 6);
        int filled = c.result(7);
        int scaled = c.result(3, 4, 5, 6);
        int sum = c.result(1);
        c.check(SUMS, (k, t) -> {
            k.permute(t[x], new int[] {2, 0, 3, 1}, t[y]);
            k.copy(t[x], t[copy]);
            k.fill(t[filled], -2.5);
            k.scale(t[x], 0.3, -1, t[scaled]);
            k.sum(t[x], t[sum]);
        });
    }

    @Test
    void weightedSums() {
        Comparison c = new Comparison();
        int a = c.normal(1, 1);
        int b = c.given(new long[] {1}, i -> Float.NaN);
        int d = c.normal(1, 1);
        int weights = c.given(new long[] {3}, i -> new double[] {0.5, 0, -2}[i]);
        int g = c.normal(1, 1);
        int y = c.result(1);
        int da = c.result(1);
        int dd = c.result(1);
        c.check(TIGHT, (k, t) -> {
            k.weightedSum(new Tensor[] {t[a], t[b], t[d]}, t[weights], t[y]);
            k.weightedSumGradient(t[weights], t[g], new Tensor[] {t[da], null, t[dd]});
        });
    }

    @ParameterizedTest
    @EnumSource
    void activations(Activation code) {
        int n = 1001;
        Comparison c = new Comparison();
        int x = c.normal(3, n);
        int y = c.result(n);
        int g = c.changed(1, n);
        c.check(2e-6, (k, t) -> {
            k.activation(code, t[x], t[y], n);
            k.activationGradient(code, t[x], t[g], t[g], n);
        });
    }

    @Test
    void logarithms() {
        Comparison c = new Comparison();
        int x = c.uniform(700);
        int g = c.normal(1, 700);
        int y = c.result(700);
        int dx = c.result(700);
        c.check(SUMS, (k, t) -> {
            k.log(t[x], t[y], 1e-3);
            k.logGradient(t[x], t[g], t[dx], 1e-3);
        });
    }

    @ParameterizedTest
    @CsvSource({"5,7", "70,130", "3,1", "1,1025"})
    void rows(int rows, int columns) {
        Comparison c = new Comparison();
        int x = c.normal(4, rows, columns);
        int g = c.normal(1, rows, columns);
        int y = c.result(rows, columns);
        int d = c.result(rows, columns);
        int inPlace = c.changed(4, rows, columns);
        int unit = c.result(rows, columns);
        int dUnit = c.result(rows, columns);
        // with a small eps the gradient of a row of one value would be nothing but rounding
        c.check(SUMS, (k, t) -> {
            k.softmax(t[x], t[y], rows, columns);
            k.softmaxGradient(t[y], t[g], t[d], rows, columns);
            k.softmax(t[inPlace], t[inPlace], rows, columns);
            k.l2Normalize(t[x], t[unit], 0.1);
            k.l2NormalizeGradient(t[x], t[g], t[dUnit], 0.1);
        });
    }

    @ParameterizedTest
    @CsvSource({"5,8", "70,130", "300,48", "1,1030"})
    void layerNorm(int rows, int columns) {
        Comparison c = new Comparison();
        int x = c.normal(2, rows, columns);
        int gamma = c.normal(1, columns);
        int beta = c.normal(1, columns);
        int g = c.normal(1, rows, columns);
        int y = c.result(rows, columns);
        int dx = c.result(rows, columns);
        int dGamma = c.result(columns);
        int dBeta = c.result(columns);
        int only = c.result(columns);
        c.check(SUMS, (k, t) -> {
            k.layerNorm(t[x], t[gamma], t[beta], t[y], rows, columns, 1e-5);
            k.layerNormGradient(t[x], t[gamma], t[g], t[dx], t[dGamma], t[dBeta], rows, columns, 1e-5);
            k.layerNormGradient(t[x], t[gamma], t[g], null, t[only], null, rows, columns, 1e-5);
        });
    }

    @ParameterizedTest
    @CsvSource({"2,6,5,7,3", "3,32,9,4,1", "1,8,1,1,8", "2,16,33,31,4"})
    void groupNorm(int batch, int channels, int height, int width, int groups) {
        long[] map = {batch, channels, height, width};
        Comparison c = new Comparison();
        int x = c.normal(2, map);
        int gamma = c.normal(1, channels);
        int beta = c.normal(1, channels);
        int g = c.normal(1, map);
        int y = c.result(map);
        int dx = c.result(map);
        int dGamma = c.result(channels);
        int dBeta = c.result(channels);
        // groups of one value have variance 0: eps alone keeps them finite
        double eps = height * width * channels / groups == 1 ? 1 : 1e-5;
        c.check(SUMS, (k, t) -> {
            k.groupNorm(t[x], t[gamma], t[beta], t[y], groups, eps);
            k.groupNormGradient(t[x], t[gamma], t[g], t[dx], t[dGamma], t[dBeta], groups, eps);
        });
    }

    @Test
    void roundedArraysBesideOthers() {
        Comparison c = new Comparison();
        int x = c.normal(1, 40, 48);
        int gamma = c.normal(1, 48);
        int beta = c.normal(1, 48);
        int y = c.result(40, 48);
        c.rounded(x);
        int g = c.normal(1, 40, 48);
        c.rounded(g);
        int dx = c.result(40, 48);
        int sum = c.result(48);
        c.check(SUMS, (k, t) -> {
            k.layerNorm(t[x], t[gamma], t[beta], t[y], 40, 48, 1e-5);
            k.activationGradient(Activation.GELU, t[x], t[g], t[dx], 40 * 48);
            k.repeatGradient(t[g], t[sum]);
        });
    }
}
