package io.hiervl.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.jvm.SetLossKernel;
import io.hiervl.config.LossConfig.Confidence;
import io.hiervl.config.LossConfig.Reduction;
import io.hiervl.config.LossConfig.TopoRescale;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.op.FiniteDifferences;
import io.hiervl.op.SameDiffOps;
import io.hiervl.tensor.Nd4jTensors;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class LossTermsTest {
    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    private static INDArray map(double[] values, long... shape) {
        return Maps.array(DataType.FLOAT, values, shape);
    }

    @Test
    void weightsLeaveOutWhatHasNoLabel() {
        INDArray labels = map(new double[] {0, 1, 255, 254, 2, 3}, 1, 2, 3);
        assertEquals(map(new double[] {1 / 3.0, 1 / 3.0, 0, 0, 1 / 3.0, 0}, 1, 2, 3), SupervisedCrossEntropy.weights(labels, 3));
        INDArray none = map(new double[] {255, 255}, 1, 1, 2);
        assertEquals(0, SupervisedCrossEntropy.weights(none, 3).sumNumber().doubleValue());
        assertEquals(map(new double[] {0.5, 0.5}, 1, 1, 2), GuidanceLoss.weights(none), "pixels without guidance count in the denominator");
        INDArray padding = map(new double[] {0, 0}, 1, 1, 2);
        for (Confidence mode : Confidence.values()) {
            assertEquals(0, StrongViewLoss.weights(map(new double[] {1, 1}, 1, 1, 2), padding, 0.95, mode).sumNumber().doubleValue());
        }
        assertEquals(0, EntropyLoss.weights(padding).sumNumber().doubleValue());
        assertEquals(0.5, sureShare(map(new double[] {1, 0.2, 1}, 1, 1, 3), map(new double[] {1, 1, 0}, 1, 1, 3), 0.95));
    }

    private static double sureShare(INDArray confidence, INDArray valid, double threshold) {
        INDArray counts = map(new double[2], 2);
        new Believed(confidence, confidence, valid, confidence).countSure(threshold, Nd4jTensors.of(counts));
        return counts.getDouble(0) / counts.getDouble(1);
    }

    @Test
    void imagesWithoutLabelsHaveNoGateLoss() {
        assertEquals(map(new double[] {0.5, 0, 0.5}, 3), GateLoss.weights(map(new double[] {1, 0, 0, 0, 0, 1}, 3, 2)));
    }

    @Test
    void rescaling() {
        assertEquals(1, Rescale.factor(TopoRescale.NONE, 150, 2));
        assertEquals(110.25, Rescale.factor(TopoRescale.UNCAPPED, 2, 2));
        assertEquals(1, Rescale.factor(TopoRescale.CAPPED, 2, 2));
        assertEquals(0.14, Rescale.factor(TopoRescale.CAPPED, 150, 1), 1e-12);
    }

    @Test
    void erasedClassIsNeitherTooSmallNorTooLargeNorBackground() {
        double[] labels = new double[32 * 32];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = i / 32 < 16 ? 0 : i % 32 < 16 ? 1 : 2;
        }
        labels[0] = 3;
        labels[16 * 32 - 1] = 255;
        INDArray l = map(labels, 1, 32, 32);
        MaskTargets.Rules rules = new MaskTargets.Rules(4, 16, false, true);
        assertArrayEquals(new int[] {1, 2}, MaskTargets.suitable(l, rules).get(0));
        for (int c : new int[] {1, 2}) {
            MaskTargets t = MaskTargets.of(l, rules, new int[] {c});
            assertEquals(1, t.patches().weights().sumNumber().doubleValue(), 1e-7);
            assertEquals(c == 2 ? 257 : 256, t.erased().sumNumber().intValue(), "the rim of class 2 is the ignored pixel");
        }
        MaskTargets.Rules all = new MaskTargets.Rules(4, 16, true, false);
        assertEquals(0, MaskTargets.suitable(map(new double[256], 1, 16, 16), all).get(0).length, "a class that covers everything stays");
        MaskTargets none = MaskTargets.of(l, all, new int[] {-1});
        assertFalse(none.patches().any());
        assertEquals(0, none.erased().sumNumber().doubleValue());
        assertEquals(map(new double[] {0, 0, 1, 2}, 1, 4), MaskTargets.allPatches(l, all).classes());
    }

    @Test
    void smallCropsHaveSmallerComponents() {
        assertEquals(32, FixedMatcher.rules(5, 3, 9, 4, 32, null, 512, 512).minCells());
        assertEquals(13, FixedMatcher.rules(5, 3, 9, 4, 32, null, 321, 321).minCells());
        assertEquals(2, FixedMatcher.rules(5, 3, 9, 4, 32, null, 128, 128).minCells());
    }

    /** All terms of a labelled image in one graph, run by the graph runner in single precision. */
    @Test
    void oneGraphWithAllTerms() {
        int k = 3;
        SameDiff sd = Graphs.create();
        FusedOps ops = new FusedOps(sd);
        SDVariable classes = sd.var("classes", FiniteDifferences.random(1, 1, 2, 10, k + 1).castTo(DataType.FLOAT));
        SDVariable masks = sd.var("masks", FiniteDifferences.random(2, 1, 2, 10, 8, 8).castTo(DataType.FLOAT));
        SDVariable z = sd.var("z", FiniteDifferences.random(3, 1, 2, k, 32, 32).castTo(DataType.FLOAT));
        SDVariable q = sd.var("q", FiniteDifferences.random(4, 1, 2, 10, 6).castTo(DataType.FLOAT));
        SDVariable t = sd.var("t", FiniteDifferences.random(5, 1, k, 6).castTo(DataType.FLOAT));
        double[] labels = new double[2 * 32 * 32];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = i % 32 < 12 ? 0 : i / 32 % 32 < 20 ? 1 : 255;
        }
        java.util.Arrays.fill(labels, 1024, 2048, 255);
        INDArray l = map(labels, 2, 32, 32);
        SetTargets targets = new FixedMatcher(FixedMatcher.rules(k, 2, 4, 4, 32, null, 32, 32), 0.1, Backends.compute()).match(l);
        SetPoints points = new SetPoints.Seeds(new int[] {11, 12});
        LabelledTargets labelled =
            new LabelledTargets(Nd4jTensors.of(Nd4j.zeros(DataType.FLOAT, 2, 3, 32, 32)), l, targets, points, null, null);
        Feed<LabelledTargets> feed = Feed.of(labelled);
        Placeholders<LabelledTargets> placeholders = new Placeholders<>(ops, feed, 0, 2);
        SetLosses.Inputs in = SetLosses.Inputs.of(placeholders, 2);
        SetLossKernel settings = new SetLossKernel(k, 2, 16, 3, 0.75, true, 0.1, 0);
        SetLosses.Terms set = new SetLosses(settings, Reduction.MEAN).build(ops, List.of(classes, classes), List.of(masks, masks), in);
        SDVariable weights = ops.placeholder("weights", 2, 32, 32);
        SDVariable rowWeights = ops.placeholder("row_weights", 2, 10);
        TotalLoss total = new TotalLoss(ops, "coefficients").add("class", set.classes()).add("bce", set.bce()).add("dice", set.dice())
            .add("ce", SupervisedCrossEntropy.build(ops, z, in.labels(), weights)).add("H", EntropyLoss.build(ops, z, weights, 0.5, 1))
            .add("qt", QueryTextLoss.build(ops, q, t, in.rowClass(), rowWeights))
            .add("qtu", QueryTextLoss.buildUnlabelled(ops, q, t, classes, ops.constant("images", map(new double[] {0.5, 0.5}, 2))))
            .add("topo", PromptTopologyLoss.build(ops, t, ops.constant("clip", Nd4j.ones(DataType.FLOAT, k, 6)), TopoRescale.CAPPED));
        SDVariable loss = total.build();
        Map<String, INDArray> values = new java.util.HashMap<>();
        feed.rows(placeholders.inputs(), 0, 2).forEach((name, value) -> values.put(name, Nd4jTensors.array(value)));
        values.put("weights", SupervisedCrossEntropy.weights(l, k));
        values.put("row_weights", QueryTextLoss.weights(targets.rowClass(), k));
        values.put("coefficients",
            total.coefficients(Map.of("class", 2.0, "bce", 5.0, "dice", 5.0, "ce", 1.0, "H", 0.01, "qt", 0.05, "qtu", 0.05,
                "topo", 0.1), DataType.FLOAT));
        List<String> names = new java.util.ArrayList<>(total.terms().values().stream().map(SDVariable::name).toList());
        names.add(loss.name());
        List<String> parameters = List.of("classes", "masks", "z", "q", "t");
        GraphRunner runner = new GraphRunner(Backends.host(), sd, names, loss.name(), parameters, List.of());
        try (GraphRunner.Result r = runner.run(values)) {
            assertTrue(r.scalar(loss.name()) > 0);
            double sum = 0;
            double[] c = {2, 5, 5, 1, 0.01, 0.05, 0.05, 0.1};
            for (int i = 0; i < 8; i++) {
                assertTrue(r.scalar(names.get(i)) > 0, names.get(i));
                sum += c[i] * r.scalar(names.get(i));
            }
            assertEquals(sum, r.scalar(loss.name()), 1e-4);
            for (String p : parameters) {
                assertNotEquals(0.0, r.gradient(p).norm2Number().doubleValue(), p);
                assertTrue(Double.isFinite(r.gradient(p).sumNumber().doubleValue()), p);
            }
            // the second image has no label at all
            for (String p : List.of("masks", "z")) {
                assertEquals(0.0, r.gradient(p).slice(1).dup().amaxNumber().doubleValue(), 0.0, p);
            }
        }
    }
}
