package io.hiervl.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.GoldenFixtures;
import io.hiervl.tensor.Resize;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class InterpolateTest {
    @Test
    void goldenAllModesForwardAndBackward() {
        int checked = 0;
        for (GoldenFixtures.Case c : GoldenFixtures.cases("torch_ops")) {
            if (!c.op.equals("resize")) {
                continue;
            }
            Resize mode = Resize.valueOf(c.config.get("mode").asText().toUpperCase(Locale.ROOT));
            long[] shape = c.shape("y");
            for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
                boolean backward = c.has("grad.x");
                var outcome = FiniteDifferences.run(Map.of("x", c.array("x", type)), backward ? List.of("x") : List.of(),
                    backward ? List.of(c.array("cot.y", type)) : null,
                    (sd, v) -> List.of(new Interpolate((int) shape[2], (int) shape[3], mode).apply(sd, v.get("x"))));
                c.check("y", outcome.outputs().get(0));
                if (backward) {
                    c.check("grad.x", outcome.gradients().get("x"));
                }
                checked++;
            }
        }
        assertTrue(checked >= 30, checked + " cases");
    }

    @Test
    void attentionMaskBlocksNegativeCellsAndResetsEmptyRows() {
        SameDiffOps.start();
        INDArray logits = Nd4j.createFromArray(new double[] {1, 1, -3, -3, -1, -1, -1, -1, 0, 0, 0, 0}).reshape(1, 3, 2, 2);
        var outcome = FiniteDifferences.run(Map.of("x", logits), List.of(), null,
            (sd, v) -> List.of(new AttentionMask(4, 1).apply(sd, v.get("x"))));
        // rows of the resized first map: 1, 0, -2, -3
        assertArrayEquals(new double[] {1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}, outcome.outputs().get(0).reshape(12).toDoubleVector());
    }

    @Test
    void attentionMaskPassesNoGradient() {
        INDArray x = FiniteDifferences.random(1, 1, 1, 2, 3, 3);
        var outcome = FiniteDifferences.run(Map.of("x", x), List.of("x"), List.of(FiniteDifferences.random(2, 1, 1, 2, 9)),
            (sd, v) -> List.of(v.get("x").mul(2).reshape(1, 2, 9).mul(new AttentionMask(3, 3).apply(sd, v.get("x").mul(3)))));
        INDArray mask = x.gte(0).castTo(DataType.DOUBLE);
        INDArray expected = FiniteDifferences.random(2, 1, 1, 2, 9).reshape(1, 2, 3, 3).mul(2).mul(mask);
        assertEquals(0, expected.sub(outcome.gradients().get("x")).amaxNumber().doubleValue(), 1e-12);
    }
}
