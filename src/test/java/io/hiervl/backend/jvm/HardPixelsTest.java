package io.hiervl.backend.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.op.Loss;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class HardPixelsTest {
    /** Of four pixels with two classes only those count whose label has at most 70 %. */
    @ParameterizedTest
    @EnumSource(value = DataType.class, names = {"FLOAT", "DOUBLE"})
    void easyPixelsCountNeitherInTheLossNorInItsGradient(DataType type) {
        double[] label = {0.9, 0.6, 0.2, 0.71};
        double[] z = new double[8];
        for (int i = 0; i < 4; i++) {
            z[i] = Math.log(label[i]);
            z[4 + i] = Math.log(1 - label[i]);
        }
        FusedOps ops = new FusedOps(Graphs.create(), type);
        SDVariable scores = ops.sd().var("z", Nd4j.create(z).reshape(1, 2, 1, 4).castTo(type).dup('c'));
        SDVariable loss = new Loss(new PixelCrossEntropyKernel(0.7)).apply(ops.sd(), scores, ops.placeholder("labels", 1, 1, 4),
            ops.placeholder("weights", 1, 1, 4));
        Map<String, INDArray> given =
            Map.of("labels", Nd4j.zeros(type, 1, 1, 4), "weights", Nd4j.valueArrayOf(new long[] {1, 1, 4}, 0.25, type));
        try (GraphRunner.Result r = ops.runner(List.of(loss.name()), loss.name(), List.of("z")).run(given)) {
            assertEquals(-0.25 * (Math.log(0.6) + Math.log(0.2)), r.scalar(loss.name()), 1e-6);
            INDArray d = r.gradient("z").reshape(2, 4);
            double[] expected = {0, 0.25 * (0.6 - 1), 0.25 * (0.2 - 1), 0};
            for (int i = 0; i < 4; i++) {
                assertEquals(expected[i], d.getDouble(0, i), 1e-6);
                assertEquals(-expected[i], d.getDouble(1, i), 1e-6);
            }
        }
    }
}
