package io.hiervl.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.choice.Backends;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class RecomputationTest {
    private static final int BLOCKS = 6;

    private static PlannedOp op(String name, List<String> in, String... out) {
        return new PlannedOp(name, null, null, in, List.of(out));
    }

    private static List<String> names(List<PlannedOp> ops) {
        return ops.stream().map(o -> o.name() + o.in() + o.out()).toList();
    }

    /** Only what a backward op reads comes again, from what crossed into a later block. */
    @Test
    void insertsWhatTheBackwardPassReads() {
        List<PlannedOp> order = List.of(op("f1", List.of("x"), "a"), op("unread", List.of("a"), "u"), op("f2", List.of("a"), "b"),
            op("f3", List.of("b"), "c"), op("f4", List.of("c"), "d"), op("g4", List.of("c", "one"), "dc"),
            op("g3", List.of("b", "dc"), "db"),
            op("g2", List.of("a", "db"), "da"));
        List<PlannedOp> result = Recomputation.ofBlocks(order, java.util.Set.of("f1", "unread", "f2", "f3", "f4"), List.of("b", "c"),
            java.util.Set.of("d", "da"));
        assertEquals(
            List.of("f1[x][a]", "unread[a][u]", "f2[a][b]", "f3[b][c]", "f4[c][d]", "g4[c, one][dc]", "g3[b, dc][db]", "f1[x][a#again]",
                "g2[a#again, db][da]"),
            names(result));
    }

    /** A block that ends inside an op with two outputs of which one is kept. */
    @Test
    void keepsTheNamesOfKeptOutputs() {
        List<PlannedOp> order =
            List.of(op("f1", List.of("x"), "a", "kept"), op("f2", List.of("kept"), "b"), op("f3", List.of("kept", "b"), "c"),
                op("g", List.of("a", "kept", "c"), "da"));
        List<PlannedOp> result = Recomputation.ofBlocks(order, java.util.Set.of("f1", "f2", "f3"), List.of("b"), java.util.Set.of("da"));
        assertEquals(List.of("f1[x][a, kept]", "f2[kept][b]", "f3[kept, b][c]", "f1[x][a#again, kept#again]", "g[a#again, kept, c][da]"),
            names(result));
    }

    private static SDVariable parameter(FusedOps ops, String name, Random random, long... shape) {
        INDArray a = Nd4j.create(DataType.FLOAT, shape);
        for (long i = 0; i < a.length(); i++) {
            a.putScalar(i, 0.2 * random.nextGaussian());
        }
        return Graphs.variable(ops.sd(), name, a);
    }

    private record Run(double loss, List<INDArray> gradients, int ops, long bytes) {
    }

    /** A stack of wide layers with residual connections, on a thread of its own, which has a pool of its own. */
    private static Run run(boolean recompute) throws InterruptedException {
        Run[] result = new Run[1];
        Thread thread = new Thread(() -> {
            FusedOps ops = new FusedOps(Graphs.create(), DataType.FLOAT, new Compute(Backends.host(), Precision.FP32, recompute));
            Random random = new Random(1);
            List<String> parameters = new ArrayList<>();
            SDVariable x = ops.placeholder("x", 256, 32);
            for (int i = 0; i < BLOCKS; i++) {
                SDVariable up = parameter(ops, "up" + i, random, 1024, 32);
                SDVariable down = parameter(ops, "down" + i, random, 32, 1024);
                parameters.addAll(List.of("up" + i, "down" + i));
                x = ops.add(x, ops.linear(ops.linear(x, up, null, Activation.RELU), down, null, Activation.NONE));
                ops.endOfBlock(x);
            }
            String loss = ops.sum(ops.mul(x, x)).name();
            GraphRunner runner = ops.runner(List.of(loss), loss, parameters);
            INDArray input = Nd4j.create(DataType.FLOAT, 256, 32);
            for (long i = 0; i < input.length(); i++) {
                input.putScalar(i, 0.1 * random.nextGaussian());
            }
            try (GraphRunner.Result r = runner.run(Map.of("x", input))) {
                List<INDArray> gradients = parameters.stream().map(p -> r.gradient(p).dup('c')).toList();
                result[0] = new Run(r.scalar(loss), gradients, runner.size(), ArrayPool.ofThread(Backends.host()).peakBytes());
            }
        });
        thread.start();
        thread.join();
        return result[0];
    }

    @Test
    void needsLessMemoryForTheSameGradients() throws InterruptedException {
        Run kept = run(false);
        Run again = run(true);
        assertEquals(kept.loss(), again.loss());
        assertEquals(kept.gradients(), again.gradients());
        assertTrue(again.ops() > kept.ops(), kept.ops() + " ops, with recomputation " + again.ops());
        // a hidden layer has 256 x 1024 floats, 1 MB; six are kept, or one at a time
        assertTrue(kept.bytes() - again.bytes() >= 3 << 20, kept.bytes() + " bytes, with recomputation " + again.bytes());
    }
}
