package io.hiervl.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.Kernels;
import io.hiervl.backend.jvm.JavaBackend;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * A call of a kernel on the emulated GPU, in 32 bits and in three orders of threads, against the Java kernels in double. Inputs are numbers
 * that 32 bits hold; results start as something else than what is expected.
 */
final class Comparison {
    private final List<double[]> values = new ArrayList<>();
    private final List<long[]> shapes = new ArrayList<>();
    private final List<Integer> results = new ArrayList<>();
    private final Random random = new Random(11);
    private Precision precision = Precision.FP32;
    private final List<Integer> rounded = new ArrayList<>();

    /** A kernel call on arrays in the order in which they were declared. */
    interface Call {
        void run(Kernels kernels, Tensor[] arrays);
    }

    /** Normally distributed numbers; the number of the array. */
    int normal(double scale, long... shape) {
        return given(shape, i -> scale * random.nextGaussian());
    }

    /** Numbers between 0 and 1. */
    int uniform(long... shape) {
        return given(shape, i -> random.nextDouble());
    }

    interface Value {
        double at(int i);
    }

    /** Given numbers, rounded to 32 bits. */
    int given(long[] shape, Value value) {
        double[] v = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < v.length; i++) {
            v[i] = (float) value.at(i);
        }
        values.add(v);
        shapes.add(shape);
        return values.size() - 1;
    }

    /** An array that the call writes. */
    int result(long... shape) {
        results.add(values.size());
        return given(shape, i -> 123);
    }

    /** An array that the call reads and writes. */
    int changed(double scale, long... shape) {
        results.add(values.size());
        return normal(scale, shape);
    }

    /** The array is kept in bfloat16 on the device, its numbers rounded for both sides. */
    void rounded(int array) {
        rounded.add(array);
        double[] v = values.get(array);
        for (int i = 0; i < v.length; i++) {
            v[i] = round(v[i]);
        }
    }

    /** To the nearest bfloat16, ties to even. */
    static double round(double value) {
        int bits = Float.floatToRawIntBits((float) value);
        return Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff0000);
    }

    Comparison with(Precision products) {
        precision = products;
        return this;
    }

    /** Runs both and compares all results: error of at most the tolerance times the largest value. */
    void check(double tolerance, Call call) {
        Tensor[] expected = new Tensor[values.size()];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = Tensor.onHost(ElementType.DOUBLE, shapes.get(i));
            Staging.write(values.get(i), expected[i]);
        }
        call.run(JavaBackend.INSTANCE.kernels(ElementType.DOUBLE, Precision.FP32), expected);
        for (CudaBackend backend : List.of(Emulator.backend(), Emulator.ownProducts())) {
            for (int order : Emulator.ORDERS) {
                Emulator.order(order);
                double[][] actual = run(backend, call);
                for (int result : results) {
                    close(backend + ", order " + order + ", array " + result, Staging.doubles(expected[result]), actual[result], tolerance);
                }
            }
        }
        Emulator.order(0);
    }

    private double[][] run(CudaBackend backend, Call call) {
        Tensor[] device = new Tensor[values.size()];
        for (int i = 0; i < device.length; i++) {
            ElementType type = rounded.contains(i) ? ElementType.BFLOAT16 : ElementType.FLOAT;
            device[i] = new Tensor(backend.allocate(Math.max(1, values.get(i).length) * 4L), 0, type, shapes.get(i));
            Tensor host = host(values.get(i), type, shapes.get(i));
            backend.upload(host, device[i]);
        }
        backend.run(null, () -> call.run(backend.kernels(ElementType.FLOAT, precision), device));
        double[][] result = new double[device.length][];
        for (int i : results) {
            Tensor host = Tensor.onHost(device[i].type(), shapes.get(i));
            backend.download(device[i], host);
            result[i] = device[i].type() == ElementType.FLOAT ? Staging.doubles(host) : wide(host);
        }
        for (Tensor t : device) {
            backend.free(t.storage());
        }
        return result;
    }

    private static Tensor host(double[] values, ElementType type, long[] shape) {
        Tensor host = Tensor.onHost(type, shape);
        if (type == ElementType.FLOAT) {
            Staging.write(values, host);
        } else {
            var memory = new org.bytedeco.javacpp.ShortPointer(host.pointer(0));
            for (int i = 0; i < values.length; i++) {
                memory.put(i, (short) (Float.floatToRawIntBits((float) values[i]) >>> 16));
            }
        }
        return host;
    }

    private static double[] wide(Tensor host) {
        var memory = new org.bytedeco.javacpp.ShortPointer(host.pointer(0));
        double[] v = new double[(int) host.length()];
        for (int i = 0; i < v.length; i++) {
            v[i] = Float.intBitsToFloat(memory.get(i) << 16);
        }
        return v;
    }

    private static void close(String what, double[] expected, double[] actual, double tolerance) {
        double worst = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            double error = Math.abs(expected[i] - actual[i]);
            worst = Double.isNaN(error) ? Double.POSITIVE_INFINITY : Math.max(worst, error);
            size = Math.max(size, Math.abs(expected[i]));
        }
        assertTrue(worst <= tolerance * Math.max(1e-3, size),
            String.format(Locale.ROOT, "%s: error %.3g at values up to %.3g", what, worst, size));
    }
}
