package io.hiervl.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.backend.jvm.JavaKernels;
import io.hiervl.op.GradientCheck;
import io.hiervl.op.SameDiffOps;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What replaces oneDNN's product on CPUs without AVX-512, against plain Java; it computes the same on every x86-64 CPU. */
class NarrowProductsTest {
    private static final double TOLERANCE = 1e-5;
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

    private static INDArray random(long seed, long... shape) {
        return GradientCheck.random(seed, shape).castTo(DataType.FLOAT);
    }

    private static Tensor t(INDArray a) {
        return Nd4jTensors.of(a);
    }

    private static void close(INDArray expected, INDArray actual) {
        double size = Math.max(1, Math.abs(expected.amaxNumber().doubleValue()));
        for (long i = 0; i < expected.length(); i++) {
            assertEquals(expected.getDouble(i), actual.getDouble(i), TOLERANCE * size, "element " + i);
        }
    }

    @ParameterizedTest
    @CsvSource({"64,8,8,true,NONE,false,true", "65,24,40,true,GELU,false,true", "163,256,16,false,RELU,false,true",
        "70,32,48,false,NONE,true,false",
        "131,40,24,true,QUICK_GELU,false,false"})
    void linearLayersAsConvolutions(int m, int k, int n, boolean bias, Activation activation, boolean accumulate, boolean transposed) {
        engine engine = new engine(org.bytedeco.dnnl.engine.kind.cpu, 0);
        OneDnnLinear linear = new OneDnnLinear(engine, new stream(engine));
        INDArray x = random(1, m, k);
        INDArray w = random(2, k, n);
        Matmul spec = Matmul.of(m, k, n).activated(activation).accumulating(accumulate).bias(bias ? t(random(3, n)) : null);
        Operand b = transposed ? Operand.transposed(t(w), k) : Operand.matrix(t(w), n);
        INDArray expected = random(4, m, n);
        INDArray actual = expected.dup();
        JAVA.matmul(spec, Operand.matrix(t(x), k), b, Operand.matrix(t(expected), n));
        assertTrue(linear.run(spec, Operand.matrix(t(x), k), b, Operand.matrix(t(actual), n)));
        close(expected, actual);
        // weights are packed at every call: new ones count
        w.muli(-2);
        JAVA.matmul(spec, Operand.matrix(t(x), k), b, Operand.matrix(t(expected), n));
        assertTrue(linear.run(spec, Operand.matrix(t(x), k), b, Operand.matrix(t(actual), n)));
        close(expected, actual);
        assertFalse(linear.run(spec.scaled(2), Operand.matrix(t(x), k), b, Operand.matrix(t(actual), n)),
            "factors are not for convolutions");
    }

    @ParameterizedTest
    @CsvSource({"16,16,4096,false,false", "21,40,5120,true,true", "40,21,4352,false,true"})
    void wideProductsInPieces(int m, int k, int n, boolean accumulate, boolean transposed) {
        int row = (n + 1023) / 1024 * 1024;
        INDArray a = random(1, m, k);
        INDArray b = random(2, k, row);
        Matmul spec = Matmul.of(m, k, n).scaled(0.5).accumulating(accumulate);
        Operand left = transposed ? Operand.transposed(t(a), m) : Operand.matrix(t(a), k);
        INDArray expected = random(3, m, row);
        INDArray actual = expected.dup();
        JAVA.matmul(spec, left, Operand.matrix(t(b), row), Operand.matrix(t(expected), row));
        assertTrue(WideProduct.fits(spec, Operand.matrix(t(b), row), Operand.matrix(t(actual), row)));
        WideProduct.run(dnn, spec, left, Operand.matrix(t(b), row), Operand.matrix(t(actual), row));
        close(expected, actual);
    }
}
