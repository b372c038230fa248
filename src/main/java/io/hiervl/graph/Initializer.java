package io.hiervl.graph;

import io.hiervl.MemoryLimits;
import io.hiervl.backend.jvm.Slab;
import io.hiervl.graph.ParameterStore.Group;
import io.hiervl.tensor.Nd4jTensors;
import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleSupplier;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Creates newly initialised parameters with PyTorch's rules. The draws depend on the random generator and the order of
 * the calls alone.
 *
 * @param type   FLOAT, or DOUBLE for gradient checks
 * @param prefix dotted name in front of every parameter; empty at the root
 */
public record Initializer(ParameterStore store, DataType type, Random random, String prefix, Group group) {
    private static final int PIECE = 1 << 13;
    /** Parameters of so many values are compared with the memory there is. */
    private static final double CHECKED = 1 << 24;

    /** The place below this one. */
    public Initializer at(String name) {
        return new Initializer(store, type, random, full(name), group);
    }

    /** The same place with another learning-rate group. */
    public Initializer in(Group other) {
        return new Initializer(store, type, random, prefix, other);
    }

    private String full(String name) {
        return prefix.isEmpty() ? name : prefix + "." + name;
    }

    /** Adds a parameter with these values, given in c order. */
    public INDArray values(String name, double[] values, boolean decay, long... shape) {
        INDArray array = Nd4j.create(values, shape, 'c').castTo(type);
        store.add(full(name), array, group, decay);
        return array;
    }

    public void constant(String name, double value, long... shape) {
        double[] v = new double[length(shape)];
        Arrays.fill(v, value);
        values(name, v, false, shape);
    }

    public void normal(String name, double std, boolean decay, long... shape) {
        fill(name, decay, () -> random.nextGaussian() * std, shape);
    }

    public void uniform(String name, double bound, boolean decay, long... shape) {
        fill(name, decay, () -> (2 * random.nextDouble() - 1) * bound, shape);
    }

    /** In pieces, which leaves no large arrays to the garbage collector. */
    private void fill(String name, boolean decay, DoubleSupplier next, long... shape) {
        int n = length(shape);
        INDArray array = Nd4j.createUninitialized(type, shape, 'c');
        Slab to = Slab.of(Nd4jTensors.of(array));
        double[] piece = new double[PIECE];
        for (int at = 0; at < n; at += PIECE) {
            int count = Math.min(PIECE, n - at);
            for (int i = 0; i < count; i++) {
                piece[i] = next.getAsDouble();
            }
            to.put(at, piece, 0, count);
        }
        store.add(full(name), array, group, decay);
    }

    /** Uniform in +-sqrt(6 / (fan in + fan out)); for kernels the fans count the kernel's area. */
    public void xavierUniform(String name, long... shape) {
        uniform(name, Math.sqrt(6.0 / ((shape[0] + shape[1]) * area(shape))), true, shape);
    }

    /** Linear layer with PyTorch's default init: weight and bias uniform in +-1/sqrt(in). */
    public void linear(String name, int in, int out) {
        double bound = 1 / Math.sqrt(in);
        uniform(name + ".weight", bound, true, out, in);
        uniform(name + ".bias", bound, false, out);
    }

    /** Linear layer with Xavier-uniform weight and zero bias. */
    public void xavierLinear(String name, int in, int out, boolean bias) {
        xavierUniform(name + ".weight", out, in);
        if (bias) {
            constant(name + ".bias", 0, out);
        }
    }

    /** Convolution with Caffe2's "Xavier" init (kaiming-uniform with a = 1: +-sqrt(3 / fan in)), zero bias. */
    public void caffeConv(String name, int in, int out, int kernel, boolean bias) {
        uniform(name + ".weight", Math.sqrt(3.0 / ((double) in * kernel * kernel)), true, out, in, kernel, kernel);
        if (bias) {
            constant(name + ".bias", 0, out);
        }
    }

    /** Transposed 2x2 convolution with PyTorch's default init: +-1/sqrt(fan in), where PyTorch counts out channels. */
    public void up(String name, int in, int out) {
        double bound = 1 / Math.sqrt(out * 4.0);
        uniform(name + ".weight", bound, true, in, out, 2, 2);
        uniform(name + ".bias", bound, false, out);
    }

    /** Scale 1 and shift 0 of a layer norm or group norm. */
    public void norm(String name, int width) {
        constant(name + ".weight", 1, width);
        constant(name + ".bias", 0, width);
    }

    /** Sets a parameter of this place to zero. It was drawn before, so that all later draws stay what they are. */
    public void zero(String name) {
        store.get(full(name)).array().assign(0);
    }

    /** Values of an array, compared with the memory there is: a native allocation that fails ends the process. */
    private static int length(long[] shape) {
        double values = Arrays.stream(shape).asDoubleStream().reduce(1, (a, b) -> a * b);
        if (values > CHECKED) {
            MemoryLimits.require("a parameter of shape " + Arrays.toString(shape), Float.BYTES * values, values, "the sizes of model");
        }
        return Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
    }

    private static long area(long[] shape) {
        return Arrays.stream(shape).skip(2).reduce(1, Math::multiplyExact);
    }
}
