package io.hiervl.op;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.choice.Backends;
import io.hiervl.tensor.Precision;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Attention of more logits than are computed at a time (2^18), so that queries, heads and images are cut, against one piece in double
 * precision.
 */
class AttentionTilesTest {
    /** Sums of up to 600 products in 32 bits, relative to the largest value. */
    private static final double SINGLE = 5e-6;
    /** Rounded factors have 8 bits: each is off by up to 2^-9, and a gradient passes through three products. */
    private static final double ROUNDED = 3 * 0x1p-8;

    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    private static INDArray input(long seed, long... shape) {
        return GradientCheck.random(seed, shape).castTo(DataType.FLOAT).castTo(DataType.DOUBLE);
    }

    private static FiniteDifferences.Outcome run(Map<String, INDArray> in, INDArray g, int heads, boolean causal, Precision precision,
                                                 DataType type) {
        Map<String, INDArray> typed = new java.util.LinkedHashMap<>();
        in.forEach((name, a) -> typed.put(name, a.castTo(type)));
        List<String> differentiated = in.keySet().stream().filter(name -> !name.equals("mask")).toList();
        return FiniteDifferences.run(typed, differentiated, List.of(g.castTo(type)), (sd, v) -> List.of(
            new Attention(heads, v.containsKey("bias"), v.containsKey("mask"), causal, precision).apply(sd,
                Stream.of("q", "k", "v", "bias", "mask").map(v::get).filter(Objects::nonNull).toArray(SDVariable[]::new))));
    }

    private static void compare(String what, FiniteDifferences.Outcome expected, FiniteDifferences.Outcome actual, double tolerance) {
        close(what, "result", expected.outputs().get(0), actual.outputs().get(0), tolerance);
        expected.gradients()
            .forEach((name, gradient) -> close(what, "gradient of " + name, gradient, actual.gradients().get(name), tolerance));
    }

    private static void close(String what, String part, INDArray expected, INDArray actual, double tolerance) {
        double size = expected.amaxNumber().doubleValue();
        double error = expected.sub(actual.castTo(DataType.DOUBLE)).amaxNumber().doubleValue();
        assertTrue(error <= tolerance * size,
            String.format(Locale.ROOT, "%s, %s: error %.3g at values up to %.3g", what, part, error, size));
    }

    /** One head beyond the limit, several heads together, several images together, a last piece of one query. */
    @ParameterizedTest
    @CsvSource({"1,2,520,520,8,false,false,false", "2,3,513,512,4,true,true,false", "1,1,600,600,8,false,false,true",
        "50,2,50,60,4,true,false,false",
        "1,2,8193,32,4,false,true,false"})
    void sameAsInOnePiece(int batch, int heads, int queries, int keys, int depth, boolean bias, boolean masked, boolean causal) {
        Map<String, INDArray> in = new java.util.LinkedHashMap<>();
        in.put("q", input(1, batch, queries, (long) heads * depth));
        in.put("k", input(2, batch, keys, (long) heads * depth));
        in.put("v", input(3, batch, keys, (long) heads * depth));
        if (bias) {
            in.put("bias", input(4, batch, keys));
        }
        if (masked) {
            in.put("mask", input(5, batch, queries, keys).gt(-0.3).castTo(DataType.DOUBLE));
        }
        INDArray g = input(6, batch, queries, (long) heads * depth);
        var expected = run(in, g, heads, causal, Precision.FP32, DataType.DOUBLE);
        compare("32 bits", expected, run(in, g, heads, causal, Precision.FP32, DataType.FLOAT), SINGLE);
        Assumptions.assumeTrue(Backends.host().gainsFrom(Precision.BF16), "this CPU has no bf16 products, or oneDNN has no library here");
        compare("bf16", expected, run(in, g, heads, causal, Precision.BF16, DataType.FLOAT), ROUNDED);
    }
}
