package io.hiervl.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.Backend;
import io.hiervl.backend.jvm.JavaBackend;
import io.hiervl.backend.jvm.PixelCrossEntropyKernel;
import io.hiervl.op.Loss;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Resize;
import io.hiervl.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A graph on a device whose memory the host cannot read, with all, some and none of its ops supported there. */
class DeviceSeamTest {
    private static final Set<String> ALL = Set.of("hiervl_linear", "hiervl_linear_bp", "hiervl_layer_norm", "hiervl_layer_norm_bp",
        "hiervl_add", "hiervl_slice", "hiervl_slice_bp", "hiervl_slice_addition", "hiervl_resize", "hiervl_resize_bp",
        "hiervl_pixel_cross_entropy",
        "hiervl_pixel_cross_entropy_bp", "hiervl_concat", "hiervl_permute", "hiervl_mul", "hiervl_mul_bp");

    private static INDArray random(Random random, long... shape) {
        INDArray a = Nd4j.create(DataType.FLOAT, shape);
        for (long i = 0; i < a.length(); i++) {
            a.putScalar(i, random.nextGaussian());
        }
        return a;
    }

    private static Map<String, INDArray> run(Backend backend) {
        Random random = new Random(3);
        FusedOps ops = new FusedOps(Graphs.create(), DataType.FLOAT);
        Map<String, INDArray> parameters = new LinkedHashMap<>();
        parameters.put("w", random(random, 6, 8));
        parameters.put("b", random(random, 6));
        parameters.put("gamma", random(random, 6));
        parameters.put("beta", random(random, 6));
        Map<String, SDVariable> v = new LinkedHashMap<>();
        parameters.forEach((name, array) -> {
            v.put(name, Graphs.variable(ops.sd(), name, array));
            ops.adopt(v.get(name), array.shape());
        });
        SDVariable x = ops.placeholder("x", 2, 16, 8);
        SDVariable h = ops.layerNorm(ops.linear(x, v.get("w"), v.get("b"), Activation.GELU), v.get("gamma"), v.get("beta"), 1e-5);
        SDVariable sum = ops.add(ops.slice(h, 2, 0, 3), ops.mul(ops.slice(h, 2, 3, 6), ops.slice(h, 2, 1, 4)));
        SDVariable map = ops.resize(ops.reshape(ops.permute(sum, 0, 2, 1), 2, 3, 4, 4), 8, 8, Resize.BILINEAR);
        SDVariable loss = new Loss(new PixelCrossEntropyKernel()).apply(ops.sd(), map, ops.placeholder("labels", 2, 8, 8),
            ops.placeholder("weights", 2, 8, 8));
        INDArray labels = Nd4j.create(DataType.FLOAT, 2, 8, 8);
        for (long i = 0; i < labels.length(); i++) {
            labels.putScalar(i, (float) (i % 3));
        }
        Map<String, INDArray> in =
            Map.of("x", random(random, 2, 16, 8), "labels", labels, "weights", Nd4j.valueArrayOf(new long[] {2, 8, 8}, 0.01f));
        GraphRunner runner =
            new GraphRunner(backend, ops.sd(), List.of(loss.name(), map.name()), loss.name(), List.copyOf(parameters.keySet()),
                List.of());
        Map<String, INDArray> result = new LinkedHashMap<>();
        try (GraphRunner.Result r = runner.run(in)) {
            result.put("loss", r.output(loss.name()).dup());
            result.put("map", r.output(map.name()).dup());
            parameters.keySet().forEach(name -> result.put(name, r.gradient(name).dup()));
        }
        return result;
    }

    @Test
    void givesTheSameWhateverTheDeviceHas() {
        Map<String, INDArray> expected = run(JavaBackend.INSTANCE);
        for (Set<String> supported : List.of(ALL, Set.of("hiervl_linear", "hiervl_add", "hiervl_resize_bp"), Set.<String>of())) {
            OtherDevice device = new OtherDevice(supported);
            HostStaging.take();
            assertEquals(expected, run(device), supported.size() + " ops on the device");
            Map<String, HostStaging.Count> staged = HostStaging.take();
            staged.keySet().forEach(op -> assertTrue(!supported.contains(op), op + " was staged"));
            assertEquals(supported.isEmpty(), staged.containsKey("hiervl_linear"), staged.toString());
            assertEquals(supported.isEmpty(), device.runs.get() == 0, device.runs + " kernels ran on the device");
        }
        // x (2,16,8), w (6,8), b (6) down and the result (2,16,6) up
        run(new OtherDevice(Set.of()));
        assertEquals(new HostStaging.Count(1, 4 * (2 * 16 * 8 + 6 * 8 + 6 + 2 * 16 * 6)), HostStaging.take().get("hiervl_linear"));
    }

    @Test
    void memoryOfTheDeviceGoesBack() throws InterruptedException {
        OtherDevice device = new OtherDevice(ALL);
        Thread thread = new Thread(() -> {
            run(device);
            assertTrue(device.live.get() > 0);
            GraphRunner.releaseMemory();
        });
        thread.start();
        thread.join();
        assertEquals(0, device.live.get());
    }

    @Test
    void theHostCannotReadTensorsOfADevice() {
        OtherDevice device = new OtherDevice(Set.of());
        Tensor tensor = new Tensor(device.allocate(64), 0, ElementType.FLOAT, 4, 4);
        var e = assertThrows(IllegalStateException.class, () -> Nd4jTensors.array(tensor));
        assertTrue(e.getMessage().contains("other:0") && e.getMessage().contains("[4, 4]"), e.getMessage());
    }
}
