package io.hiervl.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.ConvShape;
import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.jvm.JavaKernels;
import io.hiervl.op.GradientCheck;
import io.hiervl.op.SameDiffOps;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;
import java.util.Locale;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What bfloat16 products are held to: both factors rounded to the nearest bfloat16, the sum as good as in 32 bits. The
 * expected values are 64-bit products of factors that this test rounds itself, so the tolerance is that of 32-bit sums and
 * an error of rounding would stand out a thousandfold. Skipped where the CPU has no such instructions.
 */
class Bf16ProductsTest {
    private static final JavaKernels JAVA = new JavaKernels();
    /** Of the largest value; sums of up to 1,300 products of order 1 in 32 bits. */
    private static final double SUMS = 5e-6;
    private static OneDnnKernels bf16;

    @BeforeAll
    static void load() {
        SameDiffOps.start();
        Assumptions.assumeTrue(Backends.host().gainsFrom(Precision.BF16), "this CPU has no bf16 products, or oneDNN has no library here");
        bf16 = (OneDnnKernels) new OneDnnBackend().kernels(ElementType.FLOAT, Precision.BF16);
    }

    /** Round to nearest, ties to even, of the upper 16 bits. */
    static float rounded(float v) {
        int bits = Float.floatToRawIntBits(v);
        return Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000);
    }

    private static Tensor t(INDArray a) {
        return Nd4jTensors.of(a);
    }

    private static INDArray random(long seed, long... shape) {
        return GradientCheck.random(seed, shape).castTo(DataType.FLOAT);
    }

    /** The rounded values in 64 bits. */
    private static INDArray factors(INDArray a) {
        INDArray r = a.dup('c');
        for (long i = 0; i < r.length(); i++) {
            r.putScalar(i, rounded(a.getFloat(i)));
        }
        return r.castTo(DataType.DOUBLE);
    }

    private static void close(String what, INDArray expected, INDArray actual) {
        double size = expected.amaxNumber().doubleValue();
        double worst = expected.sub(actual.castTo(DataType.DOUBLE)).amaxNumber().doubleValue();
        assertTrue(worst <= SUMS * Math.max(1, size), String.format(Locale.ROOT, "%s: error %.3g at values up to %.3g", what, worst, size));
    }

    @Test
    void roundsToTheNearestAndTiesToEven() {
        assertEquals(1f, rounded(1f + 0x1p-8f));
        assertEquals(1f + 0x1p-6f, rounded(1f + 3 * 0x1p-8f));
        assertEquals(1f + 0x1p-7f, rounded(1f + 0x1p-8f + 0x1p-12f));
        assertEquals(-3.140625f, rounded((float) -Math.PI));
    }

    @ParameterizedTest
    @CsvSource({"1,1,5,7,3", "1,1,200,160,300", "1,1,65,1300,33", "3,1,9,8,6", "2,3,17,16,33", "1,4,33,40,21", "1,1,1,64,64",
        "1,1,64,64,1"})
    void products(int b0, int b1, int m, int k, int n) {
        INDArray a = random(1, b0, b1, m, k);
        INDArray b = random(2, b0, b1, k, n);
        INDArray bias = random(3, n);
        Operand[] as =
            {new Operand(t(a), 0, (long) b1 * m * k, (long) m * k, k, 1), new Operand(t(a), 0, (long) b1 * m * k, (long) m * k, 1, m)};
        Operand[] bs =
            {new Operand(t(b), 0, (long) b1 * k * n, (long) k * n, n, 1), new Operand(t(b), 0, (long) b1 * k * n, (long) k * n, 1, k)};
        Matmul plain = Matmul.batched(b0, b1, m, k, n);
        Matmul[] specs =
            {plain, plain.scaled(0.3), plain.bias(t(bias)), plain.bias(t(bias)).activated(Activation.GELU), plain.accumulating(true),
                plain.scaled(0.5).adding(new Operand(t(random(4, b0, n)), 0, n, 0, 0, 1))};
        for (Matmul spec : specs) {
            for (Operand x : as) {
                for (Operand y : bs) {
                    product(spec, x, y, false);
                    if (spec.bias() == null && spec.add() == null) {
                        product(spec, x, y, true);
                    }
                }
            }
        }
    }

    private static void product(Matmul s, Operand a, Operand b, boolean transposed) {
        INDArray start = random(9, s.batch0(), s.batch1(), s.m(), s.n());
        INDArray expected = start.castTo(DataType.DOUBLE);
        INDArray actual = start.dup();
        Matmul exact = new Matmul(s.batch0(), s.batch1(), s.m(), s.k(), s.n(), s.alpha(),
            s.bias() == null ? null : t(Nd4jTensors.array(s.bias()).castTo(DataType.DOUBLE)),
            s.add() == null ? null : with(s.add(), Nd4jTensors.array(s.add().array()).castTo(DataType.DOUBLE)), s.activation(),
            s.accumulate());
        JAVA.matmul(exact, with(a, factors(Nd4jTensors.array(a.array()))), with(b, factors(Nd4jTensors.array(b.array()))),
            result(s, expected, transposed));
        bf16.matmul(s, a, b, result(s, actual, transposed));
        close(String.format(Locale.ROOT, "alpha %s, bias %b, added %b, activation %s, accumulated %b, transposed %b", s.alpha(),
            s.bias() != null,
            s.add() != null, s.activation(), s.accumulate(), transposed), expected, actual);
    }

    private static Operand with(Operand o, INDArray array) {
        return new Operand(t(array), o.offset(), o.batch0(), o.batch1(), o.row(), o.column());
    }

    private static Operand result(Matmul s, INDArray c, boolean transposed) {
        return new Operand(t(c), 0, (long) s.batch1() * s.m() * s.n(), (long) s.m() * s.n(), transposed ? 1 : s.n(),
            transposed ? s.m() : 1);
    }

    /** A factor that was rounded once serves several products, as it lies and transposed, and also where oneDNN has no kernel. */
    @ParameterizedTest
    @CsvSource({"1,5,7,3", "4,130,65,33", "12,40,64,70"})
    void sharedFactors(int batch, int m, int k, int n) {
        INDArray g = random(1, batch, m, n);
        INDArray w = random(2, batch, k, n);
        INDArray x = random(3, batch, m, k);
        Operand gs = new Operand(bf16.factor(t(g), g.length(), "test"), 0, (long) m * n, 0, n, 1);
        Operand exact = gs.of(t(factors(g)));
        Operand ws = new Operand(t(w), 0, (long) k * n, 0, 1, n);
        Operand xs = new Operand(t(x), 0, (long) m * k, 0, k, 1);
        for (int spread : new int[] {1, 2}) {
            // with gaps between rows and columns no kernel of oneDNN writes the result
            Operand c =
                new Operand(t(Nd4j.create(DataType.FLOAT, batch, m, k, (long) spread * spread)), 0, (long) m * k * spread * spread, 0,
                    (long) k * spread * spread, spread);
            Operand cExact = c.of(t(Nd4j.create(DataType.DOUBLE, batch, m, k, (long) spread * spread)));
            bf16.matmul(Matmul.batched(batch, 1, m, n, k), gs, ws, c);
            JAVA.matmul(Matmul.batched(batch, 1, m, n, k), exact, ws.of(t(spread == 1 ? factors(w) : w.castTo(DataType.DOUBLE))), cExact);
            close("as it lies, spread " + spread, Nd4jTensors.array(cExact.array()), Nd4jTensors.array(c.array()));
        }
        Operand d = new Operand(t(Nd4j.create(DataType.FLOAT, batch, n, k)), 0, (long) n * k, 0, k, 1);
        Operand dExact = d.of(t(Nd4j.create(DataType.DOUBLE, batch, n, k)));
        bf16.matmul(Matmul.batched(batch, 1, n, m, k), gs.transpose(), xs, d);
        JAVA.matmul(Matmul.batched(batch, 1, n, m, k), exact.transpose(), xs.of(t(factors(x))), dExact);
        close("transposed", Nd4jTensors.array(dExact.array()), Nd4jTensors.array(d.array()));
    }

    @ParameterizedTest
    @CsvSource({"2,3,9,7,5,3,1,1", "1,16,17,19,32,3,1,1", "2,8,12,12,6,1,1,0", "1,3,32,32,8,16,16,0", "1,5,11,13,4,3,2,1"})
    void convolutions(int batch, int in, int h, int w, int out, int kernel, int stride, int padding) {
        ConvShape s = ConvShape.of(new long[] {batch, in, h, w}, new long[] {out, in, kernel, kernel}, stride, padding);
        INDArray x = random(1, batch, in, h, w);
        INDArray weights = random(2, out, in, kernel, kernel);
        INDArray bias = random(3, out);
        INDArray g = random(4, batch, out, s.outHeight(), s.outWidth());
        INDArray y = Nd4j.create(DataType.FLOAT, g.shape());
        INDArray yExact = Nd4j.create(DataType.DOUBLE, g.shape());
        bf16.conv2d(s, t(x), t(weights), t(bias), t(y));
        JAVA.conv2d(s, t(factors(x)), t(factors(weights)), t(bias.castTo(DataType.DOUBLE)), t(yExact));
        close("forward", yExact, y);
        INDArray dx = Nd4j.create(DataType.FLOAT, x.shape());
        INDArray dw = Nd4j.create(DataType.FLOAT, weights.shape());
        INDArray dxExact = Nd4j.create(DataType.DOUBLE, x.shape());
        INDArray dwExact = Nd4j.create(DataType.DOUBLE, weights.shape());
        bf16.conv2dGradient(s, t(x), t(weights), t(g), t(dx), t(dw), null);
        JAVA.conv2dGradient(s, t(factors(x)), t(factors(weights)), t(factors(g)), t(dxExact), t(dwExact), null);
        close("gradient of x", dxExact, dx);
        close("gradient of w", dwExact, dw);
    }

    /** The sum of the bias' gradient is made of rounded cotangents too, as in PyTorch under autocast. */
    @ParameterizedTest
    @CsvSource({"7,5,3", "300,64,48", "1025,96,32"})
    void gradientOfALinearLayer(int m, int k, int n) {
        INDArray x = random(1, m, k);
        INDArray g = random(2, m, n);
        INDArray dw = Nd4j.create(DataType.FLOAT, n, k);
        INDArray db = Nd4j.create(DataType.FLOAT, n);
        bf16.weightGradient(t(x), t(g), bf16.factor(t(g), g.length(), "test"), t(dw), t(db), m, k, n);
        close("weights", factors(g).transpose().mmul(factors(x)), dw);
        close("bias", factors(g).sum(0), db);
    }

    @Test
    void softmaxIsNotRounded() {
        INDArray x = random(1, 40, 70);
        INDArray y = Nd4j.create(DataType.FLOAT, 40, 70);
        INDArray exact = Nd4j.create(DataType.DOUBLE, 40, 70);
        bf16.softmax(t(x), t(y), 40, 70);
        JAVA.softmax(t(x.castTo(DataType.DOUBLE)), t(exact), 40, 70);
        close("softmax", exact, y);
    }
}
