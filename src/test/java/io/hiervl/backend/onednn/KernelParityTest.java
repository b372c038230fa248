package io.hiervl.backend.onednn;

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
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** oneDNN against the plain Java kernels, in 32-bit floats; skipped where oneDNN has no library. */
class KernelParityTest {
    private static final JavaKernels JAVA = new JavaKernels();
    private static OneDnnKernels dnn;

    @BeforeAll
    static void load() {
        SameDiffOps.start();
        try {
            dnn = (OneDnnKernels) new OneDnnBackend().kernels(ElementType.FLOAT, Precision.FP32);
        } catch (LinkageError e) {
            Assumptions.abort("no oneDNN here: " + e);
        }
    }

    private static Tensor t(INDArray a) {
        return Nd4jTensors.of(a);
    }

    private static INDArray random(long seed, long... shape) {
        return GradientCheck.random(seed, shape).castTo(DataType.FLOAT);
    }

    private static INDArray empty(long... shape) {
        return Nd4j.create(DataType.FLOAT, shape).addi(123);
    }

    private static void close(String what, INDArray expected, INDArray actual, double tolerance) {
        double worst = 0;
        double size = 0;
        for (long i = 0; i < expected.length(); i++) {
            double error = Math.abs(expected.getDouble(i) - actual.getDouble(i));
            worst = Double.isNaN(error) ? Double.POSITIVE_INFINITY : Math.max(worst, error);
            size = Math.max(size, Math.abs(expected.getDouble(i)));
        }
        assertTrue(worst <= tolerance * Math.max(1e-3, size),
            String.format(Locale.ROOT, "%s: error %.3g at values up to %.3g", what, worst, size));
    }

    @ParameterizedTest
    @CsvSource({"1,1,5,7,3", "1,1,200,160,300", "1,1,130,256,512", "3,1,9,8,6", "2,3,17,16,33", "1,4,33,40,21", "1,1,1,64,64",
        "1,1,64,64,1"})
    void products(int b0, int b1, int m, int k, int n) {
        INDArray a = random(1, b0, b1, m, k);
        INDArray b = random(2, b0, b1, k, n);
        INDArray bias = random(3, n);
        Operand oa = new Operand(t(a), 0, (long) b1 * m * k, (long) m * k, k, 1);
        Operand ob = new Operand(t(b), 0, (long) b1 * k * n, (long) k * n, n, 1);
        // the same numbers read as transposed matrices
        Operand ta = new Operand(t(a), 0, (long) b1 * m * k, (long) m * k, 1, m);
        Operand tb = new Operand(t(b), 0, (long) b1 * k * n, (long) k * n, 1, k);
        Matmul plain = Matmul.batched(b0, b1, m, k, n);
        for (Operand x : new Operand[] {oa, ta}) {
            for (Operand y : new Operand[] {ob, tb}) {
                product("plain", plain, x, y, false);
                product("scaled", plain.scaled(0.3), x, y, false);
                product("bias", plain.bias(t(bias)), x, y, false);
                product("accumulated", plain.accumulating(true), x, y, false);
                product("accumulated and scaled", plain.accumulating(true).scaled(0.25), x, y, false);
                product("transposed result", plain.scaled(2), x, y, true);
                for (Activation activation : Activation.values()) {
                    product("activation " + activation, plain.bias(t(bias)).activated(activation), x, y, false);
                }
            }
        }
        INDArray perKey = random(4, b0, n);
        product("added row", plain.scaled(0.5).adding(new Operand(t(perKey), 0, n, 0, 0, 1)), oa, ob, false);
        product("row added to a transposed result", plain.adding(new Operand(t(perKey), 0, n, 0, 0, 1)), oa, ob, true);
        INDArray perImage = random(5, b0, m, n);
        product("added matrix", plain.scaled(0.5).adding(new Operand(t(perImage), 0, (long) m * n, 0, n, 1)), oa, ob, false);
        product("shared left", plain, new Operand(t(a), 0, 0, 0, k, 1), ob, false);
        product("shared right", plain, oa, new Operand(t(b), 0, 0, 0, n, 1), false);
    }

    private static void product(String what, Matmul spec, Operand a, Operand b, boolean transposed) {
        int b0 = spec.batch0();
        int b1 = spec.batch1();
        INDArray start = random(9, b0, b1, spec.m(), spec.n());
        INDArray expected = start.dup();
        INDArray actual = start.dup();
        JAVA.matmul(spec, a, b, result(spec, expected, transposed));
        dnn.matmul(spec, a, b, result(spec, actual, transposed));
        close(what, expected, actual, 5e-6);
    }

    private static Operand result(Matmul s, INDArray c, boolean transposed) {
        return new Operand(t(c), 0, (long) s.batch1() * s.m() * s.n(), (long) s.m() * s.n(), transposed ? 1 : s.n(),
            transposed ? s.m() : 1);
    }

    @ParameterizedTest
    @CsvSource({"5,7", "70,130", "3,1", "1,1025"})
    void softmax(int rows, int columns) {
        INDArray x = random(1, rows, columns).muli(4);
        INDArray expected = empty(rows, columns);
        INDArray actual = empty(rows, columns);
        JAVA.softmax(t(x), t(expected), rows, columns);
        dnn.softmax(t(x), t(actual), rows, columns);
        close("forward", expected, actual, 1e-6);
        INDArray inPlace = x.dup();
        dnn.softmax(t(inPlace), t(inPlace), rows, columns);
        close("in place", expected, inPlace, 1e-6);
        INDArray g = random(2, rows, columns);
        INDArray dExpected = empty(rows, columns);
        JAVA.softmaxGradient(t(expected), t(g), t(dExpected), rows, columns);
        INDArray dActual = g.dup();
        dnn.softmaxGradient(t(expected), t(dActual), t(dActual), rows, columns);
        close("gradient in place", dExpected, dActual, 2e-6);
    }

    @ParameterizedTest
    @CsvSource({"5,8", "70,130", "300,48"})
    void layerNorm(int rows, int columns) {
        INDArray x = random(1, rows, columns).addi(0.5);
        INDArray gamma = random(2, columns);
        INDArray beta = random(3, columns);
        INDArray g = random(4, rows, columns);
        INDArray[] expected = {empty(rows, columns), empty(rows, columns), empty(columns), empty(columns)};
        INDArray[] actual = {empty(rows, columns), empty(rows, columns), empty(columns), empty(columns)};
        JAVA.layerNorm(t(x), t(gamma), t(beta), t(expected[0]), rows, columns, 1e-5);
        dnn.layerNorm(t(x), t(gamma), t(beta), t(actual[0]), rows, columns, 1e-5);
        JAVA.layerNormGradient(t(x), t(gamma), t(g), t(expected[1]), t(expected[2]), t(expected[3]), rows, columns, 1e-5);
        dnn.layerNormGradient(t(x), t(gamma), t(g), t(actual[1]), t(actual[2]), t(actual[3]), rows, columns, 1e-5);
        for (int i = 0; i < 4; i++) {
            close("output " + i, expected[i], actual[i], 5e-6);
        }
        INDArray only = empty(columns);
        dnn.layerNormGradient(t(x), t(gamma), t(g), null, t(only), null, rows, columns, 1e-5);
        close("gradient of gamma alone", expected[2], only, 5e-6);
    }

    @ParameterizedTest
    @EnumSource
    void activations(Activation code) {
        int n = 1001;
        INDArray x = random(1, n).muli(3);
        INDArray g = random(2, n);
        INDArray expected = empty(n);
        INDArray actual = empty(n);
        JAVA.activation(code, t(x), t(expected), n);
        dnn.activation(code, t(x), t(actual), n);
        close("forward", expected, actual, 1e-6);
        JAVA.activationGradient(code, t(x), t(g), t(expected), n);
        INDArray inPlace = g.dup();
        dnn.activationGradient(code, t(x), t(inPlace), t(inPlace), n);
        close("gradient", expected, inPlace, 2e-6);
    }

    @ParameterizedTest
    @CsvSource({"2,3,9,11,5,3,1,1", "1,16,12,12,32,3,1,1", "1,3,48,32,6,16,16,0", "2,8,7,7,4,1,1,0", "1,4,10,9,8,3,2,1",
        "1,3,17,19,8,4,4,0"})
    void convolutions(int batch, int in, int height, int width, int out, int kernel, int stride, int padding) {
        ConvShape s = new ConvShape(batch, in, height, width, out, kernel, kernel, stride, padding);
        INDArray x = random(1, batch, in, height, width);
        INDArray w = random(2, out, in, kernel, kernel);
        INDArray b = random(3, out);
        INDArray g = random(4, batch, out, s.outHeight(), s.outWidth());
        for (INDArray bias : new INDArray[] {b, null}) {
            INDArray expected = empty(g.shape());
            INDArray actual = empty(g.shape());
            JAVA.conv2d(s, t(x), t(w), t(bias), t(expected));
            dnn.conv2d(s, t(x), t(w), t(bias), t(actual));
            close("forward", expected, actual, 5e-6);
        }
        INDArray[] expected = {empty(x.shape()), empty(w.shape())};
        INDArray[] actual = {empty(x.shape()), empty(w.shape())};
        JAVA.conv2dGradient(s, t(x), t(w), t(g), t(expected[0]), t(expected[1]), null);
        dnn.conv2dGradient(s, t(x), t(w), t(g), t(actual[0]), t(actual[1]), null);
        close("gradient of x", expected[0], actual[0], 5e-6);
        close("gradient of w", expected[1], actual[1], 5e-6);
    }

    @Test
    void choiceIsDescribed() {
        assertTrue(Backends.describe().contains("threads"), Backends.describe());
    }
}
