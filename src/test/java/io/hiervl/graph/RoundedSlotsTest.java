package io.hiervl.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.choice.Backends;
import io.hiervl.op.LayerNorm;
import io.hiervl.op.Linear;
import io.hiervl.op.Op;
import io.hiervl.op.Reshape;
import io.hiervl.op.SameDiffOps;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Precision;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class RoundedSlotsTest {
    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    private static Step step(Op op, boolean alias, int[] in, int... out) {
        return new Step("op", op, null, in, out, alias, false, new int[0]);
    }

    private static Linear linear(Precision precision) {
        return new Linear(Activation.NONE, false, precision);
    }

    /** Slots: 0 input, 1 norm, 2 the same under another shape, 3 and 4 results of layers. */
    private static boolean[] plan(Precision first, Precision second, int... seen) {
        boolean[] fixed = new boolean[5];
        fixed[0] = true;
        fixed[4] = true;
        for (int s : seen) {
            fixed[s] = true;
        }
        return RoundedSlots.of(List.of(step(new LayerNorm(1e-5), false, new int[] {0}, 1),
            step(new Reshape(new long[] {4}, new long[] {2, 2}), true, new int[] {1}, 2),
            step(linear(first), false, new int[] {2}, 3), step(linear(second), false, new int[] {3}, 4)), fixed);
    }

    @Test
    void onlyFactorsOfRoundedProductsAreRounded() {
        assertArrayEquals(new boolean[] {false, true, true, true, false}, plan(Precision.BF16, Precision.BF16));
        assertArrayEquals(new boolean[5], plan(Precision.FP32, Precision.FP32));
        assertArrayEquals(new boolean[] {false, true, true, false, false}, plan(Precision.BF16, Precision.FP32),
            "the second layer is exact");
        assertArrayEquals(new boolean[5], plan(Precision.FP32, Precision.BF16), "the first layer's result is exact");
        assertArrayEquals(new boolean[] {false, false, false, true, false}, plan(Precision.BF16, Precision.BF16, 2),
            "the other name is seen outside");
    }

    private static SDVariable parameter(FusedOps ops, String name, Random random, long... shape) {
        INDArray a = Nd4j.create(DataType.FLOAT, shape);
        for (long i = 0; i < a.length(); i++) {
            a.putScalar(i, 0.3 * random.nextGaussian());
        }
        return Graphs.variable(ops.sd(), name, a);
    }

    /** A block of a tower; {@code inside} are variables whose values are asked for, which keeps them in 32 bits. */
    private static Map<String, INDArray> run(Precision precision, boolean inside) {
        FusedOps ops = new FusedOps(Graphs.create(), DataType.FLOAT, new Compute(Backends.host(), precision, false));
        Random random = new Random(1);
        SDVariable x = parameter(ops, "x", random, 2, 33, 32);
        SDVariable normal = ops.layerNorm(x, parameter(ops, "gamma", random, 32), parameter(ops, "beta", random, 32), 1e-5);
        SDVariable qkv = ops.linear(normal, parameter(ops, "w1", random, 96, 32), parameter(ops, "b1", random, 96), Activation.NONE);
        SDVariable attended = ops.packedAttention(qkv, 4, false);
        SDVariable out = ops.linear(attended, parameter(ops, "w2", random, 32, 32), parameter(ops, "b2", random, 32), Activation.NONE);
        String loss = ops.sum(ops.mul(out, out)).name();
        List<String> wanted = inside ? List.of(loss, out.name(), normal.name(), qkv.name(), attended.name()) : List.of(loss, out.name());
        List<String> parameters = List.of("x", "gamma", "beta", "w1", "b1", "w2", "b2");
        Map<String, INDArray> result = new java.util.TreeMap<>();
        try (GraphRunner.Result r = ops.runner(wanted, loss, parameters).run(Map.of())) {
            parameters.forEach(p -> result.put(p, r.gradient(p).dup('c')));
            result.put("result", r.output(out.name()).dup('c'));
            wanted.forEach(w -> assertEquals(DataType.FLOAT, r.output(w).dataType(), w));
        }
        return result;
    }

    /** What is rounded earlier is what was rounded later: the values are the same to the last bit, and so are gradients of weights. */
    @Test
    void forwardValuesStay() {
        Assumptions.assumeTrue(Backends.host().gainsFrom(Precision.BF16), "this CPU has no bf16 products, or oneDNN has no library here");
        Map<String, INDArray> rounded = run(Precision.BF16, false);
        Map<String, INDArray> kept = run(Precision.BF16, true);
        assertEquals(kept.get("result"), rounded.get("result"));
        assertEquals(kept.get("w2"), rounded.get("w2"));
        Map<String, INDArray> exact = run(Precision.FP32, false);
        exact.forEach((name, e) -> {
            double size = e.amaxNumber().doubleValue();
            double error = e.sub(rounded.get(name)).amaxNumber().doubleValue();
            // factors of 8 bits, sums of up to 66 rounded gradients
            assertTrue(error <= 0.03 * size, name + ": " + error + " of " + size);
            assertTrue(error > 0, name + " was not rounded at all");
        });
    }
}
