package io.hiervl.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.HostMath;
import io.hiervl.backend.LossKernel;
import io.hiervl.backend.choice.Backends;
import io.hiervl.op.Loss;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class GraphRunnerTest {
    private static boolean gradientOfSecondWanted;

    /** z = sum(a * b), a scalar. */
    private record DotKernel() implements LossKernel {
        @Override
        public String name() {
            return "test_dot";
        }

        @Override
        public int losses() {
            return 1;
        }

        @Override
        public int differentiable() {
            return 2;
        }

        @Override
        public double[] forward(HostMath math, Tensor[] in) {
            double[] a = Staging.doubles(in[0]);
            double[] b = Staging.doubles(in[1]);
            return new double[] {IntStream.range(0, Math.max(a.length, b.length)).mapToDouble(i -> a[i] * b[i]).sum()};
        }

        @Override
        public void backward(HostMath math, Tensor[] in, double[] cotangent, Tensor[] gradients) {
            gradientOfSecondWanted = gradients[1] != null;
            for (int i = 0; i < 2; i++) {
                if (gradients[i] != null) {
                    Staging.write(Arrays.stream(Staging.doubles(in[1 - i])).map(v -> v * cotangent[0]).toArray(), gradients[i]);
                }
            }
        }
    }

    private static SDVariable dot(SameDiff sd, SDVariable a, SDVariable b) {
        return new Loss(new DotKernel()).apply(sd, a, b);
    }

    private static INDArray row(double... values) {
        return Nd4j.createFromArray(values).castTo(DataType.FLOAT);
    }

    @Test
    void addsUpGradientsOfAVariableThatIsUsedTwice() {
        SameDiff sd = Graphs.create();
        INDArray shared = row(1, 2, 3);
        SDVariable w = Graphs.variable(sd, "w", shared);
        assertSame(shared, w.getArr(), "graphs share the arrays of the store");
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 3);
        dot(sd, w, x).add(dot(sd, w, w)).rename("loss");
        GraphRunner runner = new GraphRunner(Backends.host(), sd, List.of("loss"), "loss", List.of("w"), List.of());
        for (int i = 0; i < 3; i++) {
            try (GraphRunner.Result r = runner.run(Map.of("x", row(10, 20, 30)))) {
                assertEquals(140 + 14, r.scalar("loss"), 1e-4);
                assertEquals(row(12, 24, 36), r.gradient("w"));
            }
        }
        shared.assign(row(0, 0, 1));
        try (GraphRunner.Result r = runner.run(Map.of("x", row(10, 20, 30)))) {
            assertEquals(row(10, 20, 32), r.gradient("w"), "a change of the stored array is seen");
        }
    }

    @Test
    void handsGradientsOverWhenTheyAreComplete() {
        SameDiff sd = Graphs.create();
        SDVariable a = Graphs.variable(sd, "a", row(1, 2, 3));
        SDVariable b = Graphs.variable(sd, "b", row(4, 5, 6));
        dot(sd, a, b).add(dot(sd, a, a)).rename("loss");
        GraphRunner runner = new GraphRunner(Backends.host(), sd, List.of("loss"), "loss", List.of("a", "b"), List.of());
        Map<String, INDArray> taken = new HashMap<>();
        try (GraphRunner.Result r = runner.run(Map.of(),
            (name, gradient) -> assertNull(taken.put(name, Nd4jTensors.array(gradient).dup()), name + " came twice"))) {
            assertEquals(32 + 14, r.scalar("loss"), 1e-4);
            assertNull(r.gradient("a"));
        }
        assertEquals(Map.of("a", row(6, 9, 12), "b", row(1, 2, 3)), taken);
    }

    /** The gradient of a sum is one array for both operands. */
    @Test
    void handsOneGradientToTwoVariables() {
        FusedOps ops = new FusedOps(Graphs.create());
        SDVariable a = Graphs.variable(ops.sd(), "a", row(1, 2));
        SDVariable b = Graphs.variable(ops.sd(), "b", row(3, 4));
        SDVariable loss = ops.sum(ops.mul(ops.add(a, b), ops.constant("c", row(5, 7))));
        GraphRunner runner = ops.runner(List.of(loss.name()), loss.name(), List.of("a", "b"));
        Map<String, INDArray> taken = new HashMap<>();
        runner.run(Map.of(), (name, gradient) -> taken.put(name, Nd4jTensors.array(gradient).dup())).close();
        assertEquals(Map.of("a", row(5, 7), "b", row(5, 7)), taken);
    }

    @Test
    void doesNotComputeGradientsThatNobodyWants() {
        SameDiff sd = Graphs.create();
        SDVariable a = Graphs.variable(sd, "a", row(1, 2));
        SDVariable b = Graphs.constant(sd, "b", row(3, 4));
        dot(sd, a, b).rename("loss");
        GraphRunner runner = new GraphRunner(Backends.host(), sd, List.of("loss"), "loss", List.of("a"), List.of());
        gradientOfSecondWanted = true;
        try (GraphRunner.Result r = runner.run(Map.of())) {
            assertEquals(row(3, 4), r.gradient("a"));
        }
        assertTrue(!gradientOfSecondWanted, "the gradient of a constant was computed");
    }

    @Test
    void variablesOutsideTheLossHaveNoGradient() {
        SameDiff sd = Graphs.create();
        SDVariable a = Graphs.variable(sd, "a", row(1, 2));
        Graphs.variable(sd, "unused", row(3, 4));
        dot(sd, a, a).rename("loss");
        GraphRunner runner = new GraphRunner(Backends.host(), sd, List.of("loss"), "loss", List.of("a", "unused"), List.of());
        try (GraphRunner.Result r = runner.run(Map.of())) {
            assertNull(r.gradient("unused"));
        }
    }

    @Test
    void namesTheMissingPlaceholder() {
        SameDiff sd = Graphs.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2);
        dot(sd, x, x).rename("y");
        GraphRunner runner = new GraphRunner(Backends.host(), sd, List.of("y"));
        var e = assertThrows(IllegalArgumentException.class, () -> runner.run(Map.of()));
        assertTrue(e.getMessage().contains("placeholder x"), e.getMessage());
    }

    /** A placeholder's value may follow from an output: the run pauses before it is read, and goes on with gradients of both parts. */
    @Test
    void takesValuesThatFollowFromOutputs() {
        SameDiff sd = Graphs.create();
        SDVariable w = Graphs.variable(sd, "w", row(1, 2, 3));
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 3);
        SDVariable first = dot(sd, w, x);
        dot(sd, w, w).rename("early");
        SDVariable late = sd.placeHolder("late", DataType.FLOAT, 3);
        first.add(dot(sd, w, late)).rename("loss");
        GraphRunner runner = new GraphRunner(Backends.host(), sd, List.of("early", "loss"), "loss", List.of("w"), List.of());
        try (GraphRunner.Result r = runner.runTensors(Map.of("x", Nd4jTensors.of(row(1, 1, 1))), found -> {
            double sum = found.scalar("early");
            assertNull(found.output("loss"));
            found.release("early");
            return Map.of("late", Nd4jTensors.of(row(sum, 0, 0)));
        }, null)) {
            assertEquals(6 + 14, r.scalar("loss"), 1e-6);
            assertEquals(row(1 + 14, 1, 1), r.gradient("w"));
        }
        var e = assertThrows(IllegalArgumentException.class,
            () -> runner.runTensors(Map.of("x", Nd4jTensors.of(row(1, 1, 1))), found -> Map.of(), null));
        assertTrue(e.getMessage().contains("placeholder late"), e.getMessage());
    }

    @Test
    void namesTheOpThatFails() {
        SameDiff sd = Graphs.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2);
        SDVariable y = Graphs.constant(sd, "y", row(1, 2, 3));
        dot(sd, x, y).rename("z");
        var e =
            assertThrows(IllegalStateException.class, () -> new GraphRunner(Backends.host(), sd, List.of("z")).run(Map.of("x", row(1, 2))));
        assertTrue(e.getMessage().contains("hiervl_test_dot") && e.getMessage().contains("[3]"), e.getMessage());
    }
}
