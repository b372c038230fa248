package io.hiervl.backend.cuda;

import io.hiervl.backend.ConvShape;
import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Matrix products, and the layers made of them, against Java in double: by cuBLAS's rules and by the program's own kernels. */
@Tag("cuda")
class ProductParityTest {
    private static final double SUMS = 5e-6;

    @BeforeAll
    static void load() {
        Emulator.backend();
    }

    @ParameterizedTest
    @CsvSource({"1,1,5,7,3", "1,1,70,33,130", "3,1,9,8,6", "2,3,17,16,33", "1,1,1,64,65", "1,1,64,64,1"})
    void products(int b0, int b1, int m, int k, int n) {
        Matmul plain = Matmul.batched(b0, b1, m, k, n);
        for (boolean ta : new boolean[] {false, true}) {
            for (boolean tb : new boolean[] {false, true}) {
                product(plain, ta, tb, false, x -> x);
            }
        }
        product(plain.scaled(0.3).accumulating(true), false, true, false, x -> x);
        product(plain.scaled(2), false, false, true, x -> x);
        product(plain, false, false, false, x -> new Operand(x.array(), 0, 0, x.batch1(), x.row(), x.column()));
    }

    private static void product(Matmul s, boolean ta, boolean tb, boolean tc, UnaryOperator<Operand> left) {
        Comparison c = new Comparison();
        int a = c.normal(1, s.batch0(), s.batch1(), s.m(), s.k());
        int b = c.normal(1, s.batch0(), s.batch1(), s.k(), s.n());
        int y = c.changed(1, s.batch0(), s.batch1(), s.m(), s.n());
        c.check(SUMS,
            (k, t) -> k.matmul(s, left.apply(operand(t[a], s.batch1(), s.m(), s.k(), ta)), operand(t[b], s.batch1(), s.k(), s.n(), tb),
                operand(t[y], s.batch1(), s.m(), s.n(), tc)));
    }

    private static Operand operand(Tensor a, long b1, long rows, long columns, boolean transposed) {
        return new Operand(a, 0, b1 * rows * columns, rows * columns, transposed ? 1 : columns, transposed ? rows : 1);
    }

    @ParameterizedTest
    @EnumSource
    void linearLayers(Activation activation) {
        Comparison c = new Comparison();
        int x = c.normal(1, 3, 11, 20);
        int w = c.normal(0.3, 37, 20);
        int b = c.normal(1, 37);
        int g = c.normal(1, 3, 11, 37);
        int y = c.result(3, 11, 37);
        int dx = c.result(3, 11, 20);
        int dw = c.result(37, 20);
        int db = c.result(37);
        c.check(SUMS, (k, t) -> {
            k.linear(t[x], t[w], t[b], activation, t[y]);
            k.linearGradient(t[x], t[w], activation == Activation.RELU ? t[y] : t[b], activation, t[g], t[dx], t[dw], t[db]);
        });
    }

    /** Factors are exact in bfloat16, so the products are too: only the sums differ. */
    @ParameterizedTest
    @EnumSource(names = {"NONE", "RELU"})
    void linearLayersOfRoundedFactors(Activation activation) {
        Comparison c = new Comparison().with(Precision.BF16);
        int x = c.normal(1, 5, 70);
        c.rounded(x);
        int w = c.given(new long[] {67, 70}, i -> Comparison.round(Math.sin(i)));
        int b = c.normal(1, 67);
        int g = c.normal(1, 5, 67);
        c.rounded(g);
        int y = c.result(5, 67);
        int dx = c.result(5, 70);
        int dw = c.result(67, 70);
        int db = c.result(67);
        c.check(SUMS, (k, t) -> {
            k.linear(t[x], t[w], t[b], activation, t[y]);
            k.linearGradient(t[x], t[w], activation == Activation.RELU ? t[y] : null, activation, t[g], t[dx], t[dw], t[db]);
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"NONE", "GELU"})
    void resultsAreRoundedOnce(Activation activation) {
        Comparison c = new Comparison().with(Precision.BF16);
        int x = c.given(new long[] {9, 40}, i -> Comparison.round(Math.sin(3 * i)));
        int w = c.given(new long[] {33, 40}, i -> Comparison.round(Math.cos(i)));
        int b = c.normal(1, 33);
        int y = c.result(9, 33);
        c.rounded(y);
        c.check(1.0 / 256, (k, t) -> k.linear(t[x], t[w], t[b], activation, t[y]));
    }

    @ParameterizedTest
    @CsvSource({"false,false,false", "true,false,false", "false,true,false", "false,false,true", "false,true,true"})
    void batchedProducts(boolean ta, boolean tb, boolean shared) {
        Comparison c = new Comparison();
        long[] as = ta ? new long[] {3, 8, 13} : new long[] {3, 13, 8};
        long[] bs = shared ? (tb ? new long[] {6, 8} : new long[] {8, 6}) : tb ? new long[] {3, 6, 8} : new long[] {3, 8, 6};
        int a = c.normal(1, as);
        int b = c.normal(1, bs);
        int g = c.normal(1, 3, 13, 6);
        int y = c.result(3, 13, 6);
        int da = c.result(as);
        int db = c.result(bs);
        c.check(SUMS, (k, t) -> {
            k.batchedProduct(t[a], t[b], ta, tb, t[y]);
            k.batchedProductGradient(t[a], t[b], ta, tb, t[g], t[da], t[db]);
        });
    }

    @ParameterizedTest
    @CsvSource({"2,3,9,11,5,3,1,1", "1,16,12,12,32,3,1,1", "1,3,32,16,6,16,16,0", "2,8,7,7,4,1,1,0", "1,4,10,9,8,3,2,1",
        "1,3,17,19,8,4,4,0"})
    void convolutions(int batch, int in, int height, int width, int out, int kernel, int stride, int padding) {
        ConvShape s = new ConvShape(batch, in, height, width, out, kernel, kernel, stride, padding);
        Comparison c = new Comparison();
        int x = c.normal(1, batch, in, height, width);
        int w = c.normal(0.3, out, in, kernel, kernel);
        int b = c.normal(1, out);
        int g = c.normal(1, batch, out, s.outHeight(), s.outWidth());
        int y = c.result(batch, out, s.outHeight(), s.outWidth());
        int bare = c.result(batch, out, s.outHeight(), s.outWidth());
        int dx = c.result(batch, in, height, width);
        int dw = c.result(out, in, kernel, kernel);
        int db = c.result(out);
        c.check(SUMS, (k, t) -> {
            k.conv2d(s, t[x], t[w], t[b], t[y]);
            k.conv2d(s, t[x], t[w], null, t[bare]);
            k.conv2dGradient(s, t[x], t[w], t[g], t[dx], t[dw], t[db]);
        });
    }

    @ParameterizedTest
    @CsvSource({"2,6,5,4,7", "1,16,8,8,16"})
    void upConvolutions(int batch, int in, int height, int width, int out) {
        Comparison c = new Comparison();
        int x = c.normal(1, batch, in, height, width);
        int w = c.normal(0.3, in, out, 2, 2);
        int b = c.normal(1, out);
        int g = c.normal(1, batch, out, 2L * height, 2L * width);
        int y = c.result(batch, out, 2L * height, 2L * width);
        int dx = c.result(batch, in, height, width);
        int dw = c.result(in, out, 2, 2);
        int db = c.result(out);
        c.check(SUMS, (k, t) -> {
            k.upConv2x2(t[x], t[w], t[b], t[y]);
            k.upConv2x2Gradient(t[x], t[w], t[g], t[dx], t[dw], t[db]);
        });
    }
}
