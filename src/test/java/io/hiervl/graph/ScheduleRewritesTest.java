package io.hiervl.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.op.LayerNorm;
import io.hiervl.op.Linear;
import io.hiervl.op.Op;
import io.hiervl.op.Rename;
import io.hiervl.op.SameDiffOps;
import io.hiervl.op.Slice;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Precision;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.AddOp;

/** The rewritings of a schedule, by the order of ops and the names of what they read and write. */
class ScheduleRewritesTest {
    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    private static final Linear LINEAR = new Linear(Activation.NONE, false, Precision.FP32);
    private static final Op LINEAR_GRADIENT = new Linear.Gradient(Activation.NONE, false, Precision.FP32);
    private static final Op NORM = new LayerNorm(1e-5);
    private static final Op PART = new Slice.Gradient(0, 1, 2, 4);

    private static PlannedOp op(Op op, String name, List<String> in, String... out) {
        return new PlannedOp(name, op, null, in, List.of(out));
    }

    private static PlannedOp sum(String name, String a, String b, String out) {
        return new PlannedOp(name, null, new AddOp(), List.of(a, b), List.of(out));
    }

    private static List<String> names(List<PlannedOp> ops) {
        return ops.stream().map(o -> o.name() + o.in() + o.out()).toList();
    }

    /** Of three gradients no more than two wait for each other, also under another name. */
    @Test
    void sumsFollowTheirLastOperand() {
        List<PlannedOp> order = List.of(op(LINEAR, "g1", List.of("x"), "a"), op(LINEAR, "g2", List.of("x"), "b"),
            op(LINEAR, "g3", List.of("x"), "c"), op(LINEAR, "g4", List.of("c"), "d"), op(new Rename(), "name", List.of("b"), "b2"),
            sum("s1", "a", "b2", "ab"), sum("s2", "ab", "d", "abd"));
        assertEquals(List.of("g1[x][a]", "g2[x][b]", "name[b][b2]", "s1[a, b2][ab]", "g3[x][c]", "g4[c][d]", "s2[ab, d][abd]"),
            names(EagerSums.apply(order)));
    }

    @Test
    void gradientsOfSlicesAreAddedInPlace() {
        List<PlannedOp> order = List.of(op(PART, "p1", List.of("g1"), "a"), op(PART, "p2", List.of("g2"), "b"),
            sum("s1", "a", "b", "ab"), op(PART, "p3", List.of("g3"), "c"), sum("s2", "c", "ab", "abc"));
        // the first part is written amid zeros, the others are added to it
        assertEquals(List.of("p1[g1][a]", "s1[a, g2][ab]", "s2[ab, g3][abc]"), names(SliceSums.apply(order, Set.of("abc"))));
    }

    /** A part that somebody else reads, or that is wanted itself, is written as a whole. */
    @Test
    void gradientsOfSlicesThatAreReadStay() {
        List<PlannedOp> order = List.of(op(LINEAR, "g", List.of("x"), "a"), op(PART, "p", List.of("g1"), "b"), sum("s", "a", "b", "ab"),
            op(LINEAR, "reader", List.of("b"), "y"));
        assertEquals(names(order), names(SliceSums.apply(order, Set.of("ab", "y"))));
        assertEquals(names(order.subList(0, 3)), names(SliceSums.apply(order.subList(0, 3), Set.of("ab", "b"))));
    }

    /** Norms are made again from inputs that the backward pass reads anyway; not those whose input would be kept for that alone. */
    @Test
    void cheapResultsAreMadeAgain() {
        List<PlannedOp> order = List.of(op(NORM, "n1", List.of("x"), "a"), op(LINEAR, "l1", List.of("a", "w"), "b"),
            op(LINEAR, "l2", List.of("b", "w"), "c"), op(NORM, "n2", List.of("c"), "d"), op(LINEAR, "l3", List.of("d", "w"), "e"),
            op(LINEAR_GRADIENT, "l3'", List.of("d", "w", "de"), "dd"), op(LINEAR_GRADIENT, "l2'", List.of("b", "w", "dc"), "db"),
            op(LINEAR_GRADIENT, "l1'", List.of("a", "w", "db"), "da"), op(new LayerNorm.Gradient(1e-5), "n1'", List.of("x", "da"), "dx"));
        List<PlannedOp> result = Recomputation.ofCheapOps(order, Set.of("n1", "l1", "l2", "n2", "l3"), Set.of("dx"));
        assertEquals(List.of("n1[x][a]", "l1[a, w][b]", "l2[b, w][c]", "n2[c][d]", "l3[d, w][e]", "l3'[d, w, de][dd]", "l2'[b, w, dc][db]",
            "n1[x][a#again]", "l1'[a#again, w, db][da]", "n1'[x, da][dx]"), names(result));
    }
}
