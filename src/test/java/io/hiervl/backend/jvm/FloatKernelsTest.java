package io.hiervl.backend.jvm;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.HostMath;
import io.hiervl.backend.LossKernel;
import io.hiervl.backend.choice.Backends;
import io.hiervl.op.FiniteDifferences;
import io.hiervl.op.GivenGradient;
import io.hiervl.op.GradientCheck;
import io.hiervl.op.GroupNorm;
import io.hiervl.op.Interpolate;
import io.hiervl.op.SameDiffOps;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Resize;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The single-precision loops that work in pieces, at sizes that need several pieces and a rest, against double precision. */
class FloatKernelsTest {
    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    private static void close(String what, INDArray expected, INDArray actual, double tolerance) {
        double size = Math.max(1e-12, expected.amaxNumber().doubleValue());
        double error = expected.sub(actual.castTo(DataType.DOUBLE)).amaxNumber().doubleValue();
        assertTrue(error <= tolerance * size, String.format(Locale.ROOT, "%s: error %.3g at values up to %.3g", what, error, size));
    }

    private static INDArray single(INDArray a) {
        return a.castTo(DataType.FLOAT).castTo(DataType.DOUBLE);
    }

    @ParameterizedTest
    @CsvSource({"1,4,2,71,67,0", "2,6,3,17,19,0", "1,4,1,64,64,100", "3,2,2,1,5,-30"})
    void groupNorm(int batch, int channels, int groups, int height, int width, double mean) {
        INDArray x = single(GradientCheck.random(1, batch, channels, height, width).addi(mean));
        INDArray gamma = single(GradientCheck.random(2, channels));
        INDArray beta = single(GradientCheck.random(3, channels));
        INDArray g = single(GradientCheck.random(4, batch, channels, height, width));
        var expected = normalised(x, gamma, beta, g, groups, DataType.DOUBLE);
        var actual = normalised(x, gamma, beta, g, groups, DataType.FLOAT);
        // the input's own rounding is part of x, so only that of the sums and of the result remains
        double tolerance = 4e-6 * Math.max(1, Math.abs(mean));
        close("y", expected.outputs().get(0), actual.outputs().get(0), tolerance);
        for (String name : List.of("x", "gamma", "beta")) {
            close("gradient of " + name, expected.gradients().get(name), actual.gradients().get(name), tolerance);
        }
    }

    private static FiniteDifferences.Outcome normalised(INDArray x, INDArray gamma, INDArray beta, INDArray g, int groups, DataType type) {
        return FiniteDifferences.run(Map.of("x", x.castTo(type), "gamma", gamma.castTo(type), "beta", beta.castTo(type)),
            List.of("x", "gamma", "beta"),
            List.of(g.castTo(type)), (sd, v) -> List.of(new GroupNorm(groups, 1e-5).apply(sd, v.get("x"), v.get("gamma"), v.get("beta"))));
    }

    @ParameterizedTest
    @CsvSource({"9,13,70,90,BILINEAR", "70,90,9,13,BILINEAR", "9,13,31,150,BICUBIC", "80,60,33,17,BICUBIC", "20,30,60,90,NEAREST",
        "33,44,7,9,NEAREST", "3,3,1,9000,BILINEAR"})
    void resizing(int h, int w, int height, int width, Resize mode) {
        INDArray x = single(GradientCheck.random(1, 1, 3, h, w));
        INDArray g = single(GradientCheck.random(2, 1, 3, height, width));
        var expected = resized(x, g, height, width, mode, DataType.DOUBLE);
        var actual = resized(x, g, height, width, mode, DataType.FLOAT);
        close("y", expected.outputs().get(0), actual.outputs().get(0), 1e-6);
        close("gradient", expected.gradients().get("x"), actual.gradients().get("x"), 2e-6);
    }

    private static FiniteDifferences.Outcome resized(INDArray x, INDArray g, int height, int width, Resize mode, DataType type) {
        return FiniteDifferences.run(Map.of("x", x.castTo(type)), List.of("x"), List.of(g.castTo(type)),
            (sd, v) -> List.of(new Interpolate(height, width, mode).apply(sd, v.get("x"))));
    }

    @ParameterizedTest
    @CsvSource({"2,7,71,67", "1,150,20,30", "3,2,5,1"})
    void pixelLosses(int batch, int classes, int height, int width) {
        INDArray z = single(GradientCheck.random(1, batch, classes, height, width).muli(5));
        INDArray labels = Nd4j.create(DataType.DOUBLE, batch, height, width);
        INDArray weights = Transforms.abs(GradientCheck.random(2, batch, height, width)).muli(1e-3);
        for (long i = 0; i < labels.length(); i++) {
            labels.putScalar(i, i % 11 == 0 ? 255 : (float) (i % classes));
        }
        compare("cross-entropy", new PixelCrossEntropyKernel(), z, labels, single(weights));
        compare("entropy", new PixelEntropyKernel(3), z, single(weights));
    }

    private static Tensor[] tensors(INDArray... in) {
        return Arrays.stream(in).map(Nd4jTensors::of).toArray(Tensor[]::new);
    }

    private static void compare(String what, LossKernel kernel, INDArray... in) {
        Tensor[] doubles = tensors(in);
        Tensor[] floats = tensors(Arrays.stream(in).map(a -> a.castTo(DataType.FLOAT)).toArray(INDArray[]::new));
        HostMath exact = (HostMath) Backends.java().kernels(ElementType.DOUBLE, Precision.FP32);
        HostMath fast = (HostMath) Backends.host().kernels(ElementType.FLOAT, Precision.FP32);
        close(what, Nd4j.createFromArray(kernel.forward(exact, doubles)), Nd4j.createFromArray(kernel.forward(fast, floats)), 2e-6);
        INDArray expected = Nd4j.create(DataType.DOUBLE, in[0].shape());
        INDArray actual = Nd4j.create(DataType.FLOAT, in[0].shape()).addi(7);
        kernel.backward(exact, doubles, new double[] {0.7}, tensors(expected));
        kernel.backward(fast, floats, new double[] {0.7}, tensors(actual));
        close("gradient of " + what, expected, actual, 4e-6);
    }

    @Test
    void aGivenGradientArrivesAsItIs() {
        INDArray x = GradientCheck.random(1, 2, 3);
        INDArray g = GradientCheck.random(2, 2, 3);
        var outcome = FiniteDifferences.run(Map.of("x", x), List.of("x"), List.of(Nd4j.ones(DataType.DOUBLE, 1)),
            (sd, v) -> List.of(new GivenGradient().apply(sd, v.get("x").mul(3), sd.constant("g", g))));
        close("value", Nd4j.zeros(DataType.DOUBLE, 1), outcome.outputs().get(0), 0);
        close("gradient", g.mul(3), outcome.gradients().get("x"), 1e-15);
    }
}
