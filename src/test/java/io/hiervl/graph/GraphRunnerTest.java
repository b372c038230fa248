package io.hiervl.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.op.JavaOp;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.imports.converters.ImportClassMapping;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class GraphRunnerTest {
    private static boolean gradientOfSecondWanted;

    /** z = sum(a * b), a scalar. */
    public static final class Dot extends JavaOp {
        public Dot() {
        }

        Dot(SameDiff sd, SDVariable a, SDVariable b) {
            super(sd, a, b);
        }

        @Override
        public String opName() {
            return "hiervl_test_dot";
        }

        @Override
        public int getNumOutputs() {
            return 1;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {{1}};
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            out[0].putScalar(0, in[0].mul(in[1]).sumNumber().doubleValue());
        }

        @Override
        public List<SDVariable> doDiff(List<SDVariable> g) {
            return List.of(new DotBp(sameDiff, arg(0), arg(1), g.get(0)).outputVariables());
        }
    }

    public static final class DotBp extends JavaOp {
        public DotBp() {
        }

        DotBp(SameDiff sd, SDVariable a, SDVariable b, SDVariable g) {
            super(sd, a, b, g);
        }

        @Override
        public String opName() {
            return "hiervl_test_dot_bp";
        }

        @Override
        public int getNumOutputs() {
            return 2;
        }

        @Override
        public long[][] outputShapes(INDArray[] in) {
            return new long[][] {in[0].shape(), in[1].shape()};
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            gradientOfSecondWanted = out[1] != null;
            for (int i = 0; i < 2; i++) {
                if (out[i] != null) {
                    out[i].assign(in[1 - i].mul(in[2].getDouble(0)));
                }
            }
        }
    }

    @BeforeAll
    static void register() {
        Graphs.create();
        for (JavaOp op : List.of(new Dot(), new DotBp())) {
            ImportClassMapping.getOpNameMapping().put(op.opName(), op);
        }
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
        SDVariable loss = new Dot(sd, w, x).outputVariable().add(new Dot(sd, w, w).outputVariable()).rename("loss");
        GraphRunner runner = new GraphRunner(sd, List.of("loss"), "loss", List.of("w"));
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
        new Dot(sd, a, b).outputVariable().add(new Dot(sd, a, a).outputVariable()).rename("loss");
        GraphRunner runner = new GraphRunner(sd, List.of("loss"), "loss", List.of("a", "b"));
        Map<String, INDArray> taken = new HashMap<>();
        try (GraphRunner.Result r = runner.run(Map.of(), (name, gradient) -> assertNull(taken.put(name, gradient.dup()), name + " came twice"))) {
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
        GraphRunner runner = new GraphRunner(ops.sd(), List.of(loss.name()), loss.name(), List.of("a", "b"));
        Map<String, INDArray> taken = new HashMap<>();
        runner.run(Map.of(), (name, gradient) -> taken.put(name, gradient.dup())).close();
        assertEquals(Map.of("a", row(5, 7), "b", row(5, 7)), taken);
    }

    @Test
    void doesNotComputeGradientsThatNobodyWants() {
        SameDiff sd = Graphs.create();
        SDVariable a = Graphs.variable(sd, "a", row(1, 2));
        SDVariable b = Graphs.constant(sd, "b", row(3, 4));
        new Dot(sd, a, b).outputVariable().rename("loss");
        GraphRunner runner = new GraphRunner(sd, List.of("loss"), "loss", List.of("a"));
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
        new Dot(sd, a, a).outputVariable().rename("loss");
        GraphRunner runner = new GraphRunner(sd, List.of("loss"), "loss", List.of("a", "unused"));
        try (GraphRunner.Result r = runner.run(Map.of())) {
            assertNull(r.gradient("unused"));
        }
    }

    @Test
    void namesTheMissingPlaceholder() {
        SameDiff sd = Graphs.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2);
        new Dot(sd, x, x).outputVariable().rename("y");
        GraphRunner runner = new GraphRunner(sd, List.of("y"));
        var e = assertThrows(IllegalArgumentException.class, () -> runner.run(Map.of()));
        assertTrue(e.getMessage().contains("placeholder x"), e.getMessage());
    }

    /** A placeholder's value may follow from an output: the run pauses before it is read, and goes on with gradients of both parts. */
    @Test
    void takesValuesThatFollowFromOutputs() {
        SameDiff sd = Graphs.create();
        SDVariable w = Graphs.variable(sd, "w", row(1, 2, 3));
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 3);
        SDVariable first = new Dot(sd, w, x).outputVariable();
        new Dot(sd, w, w).outputVariable().rename("early");
        SDVariable late = sd.placeHolder("late", DataType.FLOAT, 3);
        first.add(new Dot(sd, w, late).outputVariable()).rename("loss");
        GraphRunner runner = new GraphRunner(sd, List.of("early", "loss"), "loss", List.of("w"));
        try (GraphRunner.Result r = runner.run(Map.of("x", row(1, 1, 1)), found -> {
            double sum = found.scalar("early");
            assertNull(found.output("loss"));
            found.release("early");
            return Map.of("late", row(sum, 0, 0));
        }, null)) {
            assertEquals(6 + 14, r.scalar("loss"), 1e-6);
            assertEquals(row(1 + 14, 1, 1), r.gradient("w"));
        }
        var e = assertThrows(IllegalArgumentException.class, () -> runner.run(Map.of("x", row(1, 1, 1)), found -> Map.of(), null));
        assertTrue(e.getMessage().contains("placeholder late"), e.getMessage());
    }

    @Test
    void namesTheOpThatFails() {
        SameDiff sd = Graphs.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2);
        SDVariable y = Graphs.constant(sd, "y", row(1, 2, 3));
        new Dot(sd, x, y).outputVariable().rename("z");
        var e = assertThrows(IllegalStateException.class, () -> new GraphRunner(sd, List.of("z")).run(Map.of("x", row(1, 2))));
        assertTrue(e.getMessage().contains("hiervl_test_dot") && e.getMessage().contains("[3]"), e.getMessage());
    }
}
