package io.hiervl.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.Backend;
import io.hiervl.backend.cuda.CudaBackend;
import io.hiervl.backend.cuda.Emulator;
import io.hiervl.backend.jvm.JavaBackend;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Gradients that come together are added by the kernel that makes the second one, and give what the host's sums give. */
@Tag("cuda")
class ProducedSumsTest {
    private static final int WIDTH = 6;
    /** Bytes of three vectors. */
    private static final int SMALL = 3 * 4 * WIDTH;

    /** Keeps what a run hands over, and lends arrays of a device. */
    private static final class Sink implements GraphRunner.GradientSink {
        private final DeviceArrays device;
        private final Map<String, Tensor> sums = new HashMap<>();
        private final List<String> handedOver = new ArrayList<>();
        private boolean second;

        Sink(Backend backend) {
            device = new DeviceArrays(backend);
        }

        @Override
        public void accept(String variable, Tensor gradient) {
            handedOver.add(variable);
        }

        @Override
        public GradientTarget target(String variable, ElementType type, long[] shape, boolean adds) {
            if (!adds) {
                return null;
            }
            return new GradientTarget(sums.computeIfAbsent(variable, n -> device.make(type, shape)), second);
        }
    }

    private static INDArray random(Random random, long... shape) {
        INDArray a = Nd4j.create(DataType.FLOAT, shape);
        for (long i = 0; i < a.length(); i++) {
            a.putScalar(i, random.nextGaussian());
        }
        return a;
    }

    private final Map<String, INDArray> parameters = new LinkedHashMap<>();
    private final Map<String, INDArray> inputs = new HashMap<>();

    /** Two residual layers: x + f(norm(x)). */
    private GraphRunner network(Backend backend) {
        Random random = new Random(5);
        FusedOps ops = new FusedOps(Graphs.create(), DataType.FLOAT);
        parameters.put("w0", random(random, WIDTH, WIDTH));
        parameters.put("w1", random(random, WIDTH, WIDTH));
        parameters.put("w2", random(random, WIDTH, WIDTH));
        parameters.put("gamma", random(random, WIDTH));
        parameters.put("beta", random(random, WIDTH));
        parameters.put("b", random(random, WIDTH));
        Map<String, SDVariable> v = new HashMap<>();
        parameters.forEach((name, array) -> {
            v.put(name, Graphs.variable(ops.sd(), name, array));
            ops.adopt(v.get(name), array.shape());
        });
        SDVariable x = ops.linear(ops.placeholder("x", 9, WIDTH), v.get("w0"), v.get("b"), Activation.NONE);
        for (String w : List.of("w1", "w2")) {
            SDVariable norm = ops.layerNorm(x, v.get("gamma"), v.get("beta"), 1e-5);
            x = ops.add(x, ops.linear(norm, v.get(w), v.get("b"), Activation.QUICK_GELU));
        }
        SDVariable loss = ops.sum(ops.mul(x, x));
        inputs.put("x", random(random, 9, WIDTH));
        return new GraphRunner(backend, ops.sd(), List.of(loss.name()), loss.name(), List.copyOf(parameters.keySet()), List.of());
    }

    private static Map<String, INDArray> gradients(GraphRunner runner, Map<String, INDArray> inputs, Map<String, INDArray> parameters) {
        Map<String, INDArray> all = new LinkedHashMap<>();
        try (GraphRunner.Result r = runner.run(inputs)) {
            parameters.keySet().forEach(name -> all.put(name, r.gradient(name).dup()));
        }
        return all;
    }

    private static void close(String what, INDArray expected, INDArray actual, double factor) {
        double size = expected.amaxNumber().doubleValue() * factor;
        assertEquals(0, expected.mul(factor).sub(actual).amaxNumber().doubleValue(), 2e-5 * size, what);
    }

    @Test
    void theyAreThoseOfTheHost() {
        Map<String, INDArray> expected = gradients(network(JavaBackend.INSTANCE), inputs, parameters);
        CudaBackend device = Emulator.backend();
        GraphRunner runner = network(device);
        List<String> started = new ArrayList<>();
        Map<String, INDArray> actual = new LinkedHashMap<>();
        // sums of small arrays stay
        device.observed((kernel, bytes, flops, tensorCores) -> started.add(kernel.equals("zip_dense") && bytes > SMALL ? "sum" : kernel),
            () -> actual.putAll(gradients(runner, inputs, parameters)));
        expected.forEach((name, array) -> close(name, array, actual.get(name), 1));
        int first = started.indexOf("layer_norm_bp");
        assertTrue(first > 0 && started.lastIndexOf("layer_norm_bp") > first, started.toString());
        assertTrue(started.lastIndexOf("sum") < first, "the gradients of both x are sums that the norms make: " + started);
    }

    @Test
    void gradientsOfWeightsAreAddedWhereTheyAreWanted() {
        Map<String, INDArray> expected = gradients(network(JavaBackend.INSTANCE), inputs, parameters);
        CudaBackend device = Emulator.backend();
        GraphRunner runner = network(device);
        Sink sink = new Sink(device);
        runner.run(inputs, sink).close();
        for (String w : List.of("w0", "w1", "w2")) {
            close(w, expected.get(w), sink.device.onHost(sink.sums.get(w)), 1);
        }
        sink.second = true;
        runner.run(inputs, sink).close();
        for (String w : List.of("w0", "w1", "w2")) {
            close(w + " of two runs", expected.get(w), sink.device.onHost(sink.sums.get(w)), 2);
        }
        assertEquals(List.of(), sink.handedOver.stream().filter(sink.sums::containsKey).toList());
    }
}
