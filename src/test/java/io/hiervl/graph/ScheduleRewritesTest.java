package io.hiervl.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.op.SameDiffOps;
import io.hiervl.op.LayerNorm;
import io.hiervl.op.Linear;
import io.hiervl.op.Rename;
import io.hiervl.op.Slice;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.AddOp;

/** The rewritings of a schedule, by the order of ops and the names of what they read and write. */
class ScheduleRewritesTest {
    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    private static PlannedOp op(DifferentialFunction op, String name, List<String> in, String... out) {
        return new PlannedOp(name, op, in, List.of(out));
    }

    private static PlannedOp sum(String name, String a, String b, String out) {
        return op(new AddOp(), name, List.of(a, b), out);
    }

    private static List<String> names(List<PlannedOp> ops) {
        return ops.stream().map(o -> o.name() + o.in() + o.out()).toList();
    }

    /** Of three gradients no more than two wait for each other, also under another name. */
    @Test
    void sumsFollowTheirLastOperand() {
        List<PlannedOp> order = List.of(op(new Linear(), "g1", List.of("x"), "a"), op(new Linear(), "g2", List.of("x"), "b"),
            op(new Linear(), "g3", List.of("x"), "c"), op(new Linear(), "g4", List.of("c"), "d"), op(new Rename(), "name", List.of("b"), "b2"),
            sum("s1", "a", "b2", "ab"), sum("s2", "ab", "d", "abd"));
        assertEquals(List.of("g1[x][a]", "g2[x][b]", "name[b][b2]", "s1[a, b2][ab]", "g3[x][c]", "g4[c][d]", "s2[ab, d][abd]"),
            names(EagerSums.apply(order)));
    }

    @Test
    void gradientsOfSlicesAreAddedInPlace() {
        List<PlannedOp> order = List.of(op(new Slice.Bp(), "p1", List.of("g1"), "a"), op(new Slice.Bp(), "p2", List.of("g2"), "b"),
            sum("s1", "a", "b", "ab"), op(new Slice.Bp(), "p3", List.of("g3"), "c"), sum("s2", "c", "ab", "abc"));
        // the first part is written amid zeros, the others are added to it
        assertEquals(List.of("p1[g1][a]", "s1[a, g2][ab]", "s2[ab, g3][abc]"), names(SliceSums.apply(order, Set.of("abc"))));
    }

    /** A part that somebody else reads, or that is wanted itself, is written as a whole. */
    @Test
    void gradientsOfSlicesThatAreReadStay() {
        List<PlannedOp> order = List.of(op(new Linear(), "g", List.of("x"), "a"), op(new Slice.Bp(), "p", List.of("g1"), "b"), sum("s", "a", "b", "ab"),
            op(new Linear(), "reader", List.of("b"), "y"));
        assertEquals(names(order), names(SliceSums.apply(order, Set.of("ab", "y"))));
        assertEquals(names(order.subList(0, 3)), names(SliceSums.apply(order.subList(0, 3), Set.of("ab", "b"))));
    }

    /** Norms are made again from inputs that the backward pass reads anyway; not those whose input would be kept for that alone. */
    @Test
    void cheapResultsAreMadeAgain() {
        List<PlannedOp> order = List.of(op(new LayerNorm(), "n1", List.of("x"), "a"), op(new Linear(), "l1", List.of("a", "w"), "b"),
            op(new Linear(), "l2", List.of("b", "w"), "c"), op(new LayerNorm(), "n2", List.of("c"), "d"), op(new Linear(), "l3", List.of("d", "w"), "e"),
            op(new Linear.Bp(), "l3'", List.of("d", "w", "de"), "dd"), op(new Linear.Bp(), "l2'", List.of("b", "w", "dc"), "db"),
            op(new Linear.Bp(), "l1'", List.of("a", "w", "db"), "da"), op(new LayerNorm.Bp(), "n1'", List.of("x", "da"), "dx"));
        List<PlannedOp> result = Recomputation.ofCheapOps(order, Set.of("n1", "l1", "l2", "n2", "l3"), Set.of("dx"));
        assertEquals(List.of("n1[x][a]", "l1[a, w][b]", "l2[b, w][c]", "n2[c][d]", "l3[d, w][e]", "l3'[d, w, de][dd]", "l2'[b, w, dc][db]",
            "n1[x][a#again]", "l1'[a#again, w, db][da]", "n1'[x, da][dx]"), names(result));
    }
}
