package io.hiervl.backend.cuda;

import io.hiervl.backend.AttentionInput;
import io.hiervl.tensor.Precision;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Attention in 32 bits, on tensor cores, and by products, against Java in double. */
@Tag("cuda")
class AttentionParityTest {
    private static final double SUMS = 5e-6;
    /** Factors are rounded to 8 bits of mantissa; so are probabilities and the gradients of logits. */
    private static final double ROUNDED = 0.02;

    @BeforeAll
    static void load() {
        Emulator.backend();
    }

    private static double tolerance(Precision precision) {
        return precision == Precision.BF16 ? ROUNDED : SUMS;
    }

    /** Heads of 8, 13 and 33 channels are filled up with zeros; 70 queries and keys are more than one tile. */
    @ParameterizedTest
    @CsvSource({"7,19,3,8,false,false,false", "7,19,3,8,true,false,false", "7,19,3,8,false,true,false", "7,19,3,8,true,true,false",
        "19,19,3,8,false,false,true", "70,5,2,13,true,false,false", "3,70,1,33,true,true,false", "67,67,1,8,false,false,true"})
    void kinds(int queries, int keys, int heads, int depth, boolean bias, boolean masked, boolean causal) {
        for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
            separate(precision, queries, keys, heads, depth, bias, masked, causal);
        }
    }

    /** Heads of 32 and 64 channels, which are read eight at a time. */
    @ParameterizedTest
    @CsvSource({"9,66,2,32", "65,6,1,64"})
    void fullHeads(int queries, int keys, int heads, int depth) {
        for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
            separate(precision, queries, keys, heads, depth, false, false, false);
        }
    }

    /** Under TF32 products compute attention; the emulator does not round for it. */
    @ParameterizedTest
    @CsvSource({"7,19,3,8,true,false,false", "7,19,3,8,true,true,false", "19,19,3,8,false,false,true"})
    void byProducts(int queries, int keys, int heads, int depth, boolean bias, boolean masked, boolean causal) {
        separate(Precision.TF32, queries, keys, heads, depth, bias, masked, causal);
    }

    /** Too wide for registers: by products in both precisions. */
    @ParameterizedTest
    @CsvSource({"FP32", "BF16"})
    void wideHeads(Precision precision) {
        separate(precision, 7, 9, 1, 80, true, false, false);
    }

    private static void separate(Precision precision, int queries, int keys, int heads, int depth, boolean bias, boolean masked,
                                 boolean causal) {
        long width = (long) heads * depth;
        Comparison c = new Comparison().with(precision);
        int q = c.normal(1, 2, queries, width);
        int k = c.normal(1, 2, keys, width);
        int v = c.normal(1, 2, keys, width);
        int keyBias = c.normal(1, 2, keys);
        // every row has a key that is not hidden
        int mask = c.given(new long[] {2, queries, keys}, i -> i % keys != i / keys % keys && i % 3 == 0 ? 0 : 1);
        int g = c.normal(1, 2, queries, width);
        int y = c.result(2, queries, width);
        int dq = c.result(2, queries, width);
        int dk = c.result(2, keys, width);
        int dv = c.result(2, keys, width);
        int dBias = c.result(2, keys);
        int dvAlone = c.result(2, keys, width);
        int dqAlone = c.result(2, queries, width);
        c.check(tolerance(precision), (kernels, t) -> {
            AttentionInput in =
                new AttentionInput(t[q], t[k], t[v], heads, bias ? t[keyBias] : null, masked ? t[mask] : null, causal);
            kernels.attention(in, t[y]);
            kernels.attentionGradient(in, t[g], t[dq], t[dk], t[dv], bias ? t[dBias] : null);
            kernels.attentionGradient(in, t[g], null, null, t[dvAlone], null);
            kernels.attentionGradient(in, t[g], t[dqAlone], null, null, null);
        });
    }

    @ParameterizedTest
    @CsvSource({"21,16,false,FP32", "21,16,true,FP32", "21,16,false,BF16", "21,16,true,BF16", "66,64,false,BF16", "66,64,true,BF16",
        "66,64,false,FP32", "66,64,true,FP32"})
    void packed(int tokens, int depth, boolean causal, Precision precision) {
        long width = 2L * depth;
        Comparison c = new Comparison().with(precision);
        int qkv = c.normal(1, 2, tokens, 3 * width);
        int g = c.normal(1, 2, tokens, width);
        int y = c.result(2, tokens, width);
        int d = c.result(2, tokens, 3 * width);
        c.check(tolerance(precision), (k, t) -> {
            k.packedAttention(t[qkv], 2, causal, t[y]);
            k.packedAttentionGradient(t[qkv], 2, causal, t[g], t[d]);
        });
    }

    /** Arrays that are kept in bfloat16. */
    @ParameterizedTest
    @CsvSource({"21,16", "33,32"})
    void packedOfRoundedArrays(int tokens, int depth) {
        long width = 2L * depth;
        Comparison c = new Comparison().with(Precision.BF16);
        int qkv = c.normal(1, 2, tokens, 3 * width);
        int g = c.normal(1, 2, tokens, width);
        int y = c.result(2, tokens, width);
        int d = c.result(2, tokens, 3 * width);
        for (int array : new int[] {qkv, g, y, d}) {
            c.rounded(array);
        }
        c.check(ROUNDED, (k, t) -> {
            k.packedAttention(t[qkv], 2, false, t[y]);
            k.packedAttentionGradient(t[qkv], 2, false, t[g], t[d]);
        });
    }
}
