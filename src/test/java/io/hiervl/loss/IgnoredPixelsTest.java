package io.hiervl.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.jvm.SetLossKernel;
import io.hiervl.config.LossConfig.Confidence;
import io.hiervl.config.LossConfig.Reduction;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.op.FiniteDifferences;
import io.hiervl.op.Loss;
import io.hiervl.op.SameDiffOps;
import io.hiervl.tensor.Nd4jTensors;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Pixels that no loss may look at have a gradient of exactly 0, in single and in double precision. */
class IgnoredPixelsTest {
    private static final int K = 4;
    private static final int SIZE = 12;

    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    /** A loss of scores z with labels, from labels (255 ignored), validity and confidence. */
    private record Loss(String name, Builder build) {
        @Override
        public String toString() {
            return name;
        }
    }

    private interface Builder {
        SDVariable apply(FusedOps ops, SDVariable z, INDArray labels, INDArray valid);
    }

    static Stream<Loss> losses() {
        Random random = new Random(1);
        return Stream.of(
            new Loss("supervised",
                (ops, z, l, v) -> SupervisedCrossEntropy.build(ops, z, c(ops, l), c(ops, SupervisedCrossEntropy.weights(l, K)))),
            new Loss("pixelwise",
                (ops, z, l, v) -> StrongViewLoss.build(ops, z, c(ops, l.mul(v)),
                    c(ops, StrongViewLoss.weights(v.ulike().assign(0.9), v, 0.5, Confidence.PIXELWISE)))),
            new Loss("pixelavg", (ops, z, l, v) -> FeaturePerturbationLoss.build(ops, z, c(ops, l.mul(v)),
                c(ops,
                    FeaturePerturbationLoss.weights(Nd4j.valueArrayOf(v.shape(), random.nextDouble(), v.dataType()), v, 0.5,
                        Confidence.PIXELAVG)))),
            new Loss("guidance", (ops, z, l, v) -> GuidanceLoss.build(ops, z, c(ops, l), c(ops, GuidanceLoss.weights(l)))),
            new Loss("entropy", (ops, z, l, v) -> EntropyLoss.build(ops, z, c(ops, EntropyLoss.weights(v)), 0.5, 1)));
    }

    private static SDVariable c(FusedOps ops, INDArray value) {
        return ops.constant("constant", value);
    }

    private static INDArray gradient(FusedOps ops, SDVariable loss, String of) {
        try (GraphRunner.Result r = ops.runner(List.of(loss.name()), loss.name(), List.of(of)).run(Map.of())) {
            assertTrue(Double.isFinite(r.scalar(loss.name())));
            return r.gradient(of).dup('c');
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void pixelLosses(Loss loss) {
        for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
            for (long seed = 0; seed < 5; seed++) {
                Random random = new Random(seed);
                INDArray labels = Nd4j.create(type, 2, SIZE, SIZE);
                INDArray valid = Nd4j.create(type, 2, SIZE, SIZE);
                for (int i = 0; i < labels.length(); i++) {
                    boolean ok = random.nextInt(3) > 0;
                    labels.putScalar(i, ok ? random.nextInt(K) : random.nextBoolean() ? 255 : 254);
                    valid.putScalar(i, ok ? 1 : 0);
                }
                FusedOps ops = new FusedOps(Graphs.create(), type);
                SDVariable z = ops.sd().var("z", FiniteDifferences.random(seed, 3, 2, K, SIZE, SIZE).castTo(type));
                INDArray g = gradient(ops, loss.build.apply(ops, z, labels, valid), "z");
                for (int b = 0; b < 2; b++) {
                    for (int p = 0; p < SIZE * SIZE; p++) {
                        for (int k = 0; k < K; k++) {
                            double value = g.getDouble(b, k, p / SIZE, p % SIZE);
                            if (valid.getDouble(b, p / SIZE, p % SIZE) == 0) {
                                assertEquals(0.0, value, 0.0);
                            } else {
                                assertNotEquals(0.0, value);
                            }
                        }
                    }
                }
            }
        }
    }

    /** Mask logits far from any valid pixel: no point that counts touches them. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void setLoss(long seed) {
        int side = 32;
        INDArray labels = Nd4j.valueArrayOf(new long[] {1, side, side}, 255.0, DataType.FLOAT);
        Random random = new Random(seed);
        for (int i = 0; i < side * 12; i++) {
            labels.putScalar(0, i / 12, i % 12, random.nextInt(K));
        }
        FusedOps ops = new FusedOps(Graphs.create(), DataType.FLOAT);
        SetTargets targets = new FixedMatcher(FixedMatcher.rules(K, 2, 4, 4, 32, null, side, side), 0.1, Backends.compute()).match(labels);
        SetPoints.Seeds points = new SetPoints.Seeds(new int[] {(int) seed});
        SetLosses.Inputs in =
            new SetLosses.Inputs(c(ops, labels), c(ops, targets.rowClass()), c(ops, targets.slots()), c(ops, targets.norms()),
                List.of(c(ops, Nd4jTensors.array(points.values(DataType.FLOAT).rows(0, 1)))));
        SDVariable masks = ops.sd().var("masks", FiniteDifferences.random(seed, 1, 1, 12, 8, 8).castTo(DataType.FLOAT));
        SDVariable classes = c(ops, FiniteDifferences.random(seed + 9, 1, 1, 12, K + 1).castTo(DataType.FLOAT));
        SetLosses.Terms terms = new SetLosses(new SetLossKernel(K, 2, 64, 3, 0.75, false, 0.1, 0), Reduction.MEAN)
            .build(ops, List.of(classes), List.of(masks), in);
        SDVariable loss = ops.add(ops.adopt(terms.bce(), 1), ops.adopt(terms.dice(), 1));
        INDArray g = gradient(ops, loss, "masks");
        double near = 0;
        for (int r = 0; r < 12; r++) {
            for (int cell = 0; cell < 64; cell++) {
                double value = g.getDouble(0, r, cell / 8, cell % 8);
                // valid pixels end with column 12; a point there reaches the cells whose centres are less than 4 pixels away
                if (cell % 8 * 4 + 2 >= 12 + 4) {
                    assertEquals(0.0, value, 0.0);
                } else {
                    near += Math.abs(value);
                }
            }
        }
        assertTrue(near > 0);
    }
}
