package io.hiervl.op;

import static io.hiervl.op.GradientCheck.check;
import static io.hiervl.op.GradientCheck.inputs;
import static io.hiervl.op.GradientCheck.random;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.graph.FusedOps;
import io.hiervl.graph.Graphs;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Gradients and values of ops that move or combine elements. */
class ShapeOpsGradientTest {
    private static long[] shape(String text) {
        return Arrays.stream(text.split("x")).mapToLong(Long::parseLong).toArray();
    }

    @ParameterizedTest
    @CsvSource({"2x3x4,2x3x4", "2x3x4,4", "2x3x4,3x1", "2x1x4,1x3x1", "1,2x3", "2x3,1", "5x1,1x6", "2x3x4x5,3x1x5", "1x1,1",
        "3x1x70,1x130x1"})
    void addAndMultiplyWithBroadcasting(String a, String b) {
        check(inputs("a", random(1, shape(a)), "b", random(2, shape(b))), (ops, in) -> ops.add(in.get("a"), in.get("b")));
        check(inputs("a", random(1, shape(a)), "b", random(2, shape(b))), (ops, in) -> ops.mul(in.get("a"), in.get("b")));
    }

    @Test
    void broadcastValuesFollowNumpy() {
        INDArray a = random(1, 2, 1, 4);
        INDArray b = random(2, 3, 1);
        SameDiff sd = Graphs.create();
        FusedOps ops = new FusedOps(sd, DataType.DOUBLE);
        SDVariable y = ops.add(ops.constant("a", a), ops.constant("b", b));
        INDArray value = sd.output(Map.of(), y.name()).get(y.name());
        for (int i = 0; i < 2; i++) {
            for (int j = 0; j < 3; j++) {
                for (int k = 0; k < 4; k++) {
                    assertEquals(a.getDouble(i, 0, k) + b.getDouble(j, 0), value.getDouble(i, j, k), 1e-15);
                }
            }
        }
    }

    @Test
    void sameVariableTwice() {
        check(inputs("x", random(1, 3, 4)), (ops, in) -> ops.add(ops.mul(in.get("x"), in.get("x")), in.get("x")));
        check(inputs("x", random(1, 3, 4)), (ops, in) -> ops.add(in.get("x"), in.get("x")));
    }

    @Test
    void broadcast() {
        check(inputs("x", random(1, 3, 1)), (ops, in) -> ops.broadcast(in.get("x"), 2, 3, 4));
        check(inputs("x", random(1, 1)), (ops, in) -> ops.broadcast(in.get("x"), 5));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void concatAndSlice(int axis) {
        long[] other = {2, 3, 4};
        other[axis] = 5;
        check(inputs("a", random(1, 2, 3, 4), "b", random(2, other)),
            (ops, in) -> ops.slice(ops.concat(axis, in.get("a"), in.get("b"), in.get("a")), axis, 1, 8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0x1x2x3", "0x2x1x3", "0x2x3x1", "0x3x1x2", "3x2x1x0", "1x0x3x2", "2x3x0x1"})
    void permute(String order) {
        int[] axes = Arrays.stream(shape(order)).mapToInt(l -> (int) l).toArray();
        INDArray x = random(1, 2, 70, 3, 65);
        SameDiff sd = Graphs.create();
        FusedOps ops = new FusedOps(sd, DataType.DOUBLE);
        SDVariable y = ops.permute(ops.constant("x", x), axes);
        INDArray value = sd.output(Map.of(), y.name()).get(y.name());
        assertEquals(x.permute(axes).dup('c'), value);
        check(inputs("x", random(2, 2, 3, 4, 5)), (o, in) -> o.permute(in.get("x"), axes));
    }

    @Test
    void tokensAndMaps() {
        check(inputs("x", random(1, 2, 3, 4, 5)), (ops, in) -> ops.toMap(ops.scale(ops.toTokens(in.get("x")), -2, 1), 4, 5));
    }

    @Test
    void sum() {
        check(inputs("x", random(1, 7, 5)), (ops, in) -> ops.sum(in.get("x")));
    }

    @ParameterizedTest
    @CsvSource({"false,false", "true,false", "false,true", "true,true"})
    void matrixProducts(boolean ta, boolean tb) {
        for (List<long[]> lead : List.of(List.of(new long[] {2, 3}, new long[] {2, 3}), List.of(new long[] {2}, new long[0]),
            List.of(new long[0], new long[0]))) {
            long[] a = append(lead.get(0), ta ? 5 : 4, ta ? 4 : 5);
            long[] b = append(lead.get(1), tb ? 6 : 5, tb ? 5 : 6);
            check(inputs("a", random(1, a), "b", random(2, b)), (ops, in) -> ops.bmm(in.get("a"), in.get("b"), ta, tb));
        }
    }

    private static long[] append(long[] lead, long rows, long columns) {
        long[] result = Arrays.copyOf(lead, lead.length + 2);
        result[lead.length] = rows;
        result[lead.length + 1] = columns;
        return result;
    }

    @Test
    void noGradientThroughStop() {
        INDArray x = random(1, 3, 4);
        SameDiff sd = Graphs.create();
        FusedOps ops = new FusedOps(sd, DataType.DOUBLE);
        SDVariable v = sd.var("x", x.dup());
        SDVariable w = sd.var("w", random(2, 3, 4));
        // w reaches the loss both through the cut and beside it; x only through the cut
        SDVariable cut = ops.stopGradient(ops.mul(ops.scale(v, 2, 0), ops.scale(w, 1, 1)));
        sd.setLossVariables(ops.sum(ops.mul(cut, w)));
        Map<String, INDArray> g = sd.calculateGradients(Map.of(), "x", "w");
        INDArray expected = sd.output(Map.of(), cut.name()).get(cut.name());
        assertEquals(expected, g.get("w"));
        assertEquals(0, g.get("x").amaxNumber().doubleValue());
    }
}
