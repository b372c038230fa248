package io.hiervl.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.GoldenFixtures;
import io.hiervl.config.LossConfig.Confidence;
import io.hiervl.op.FiniteDifferences;
import io.hiervl.op.PixelCrossEntropy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Targets, weights and denominators of the losses against the golden fixtures. */
class GoldenLossTest {
    private static final DataType D = DataType.DOUBLE;

    private static void checkPixels(GoldenFixtures.Case c, INDArray labels, INDArray weights) {
        Map<String, INDArray> in = new LinkedHashMap<>();
        in.put("z", c.array("z", weights.dataType()));
        in.put("labels", labels);
        in.put("weights", weights);
        var o = FiniteDifferences.run(in, List.of("z"), List.of(Nd4j.ones(weights.dataType(), 1)),
            (sd, v) -> List.of(new PixelCrossEntropy(sd, v.get("z"), v.get("labels"), v.get("weights")).outputVariable()));
        c.check("loss", o.outputs().get(0));
        c.check("grad.z", o.gradients().get("z"));
    }

    @Test
    void selfTrainingPerPixelAndPerImage() {
        for (String name : List.of("self_training", "pixelavg")) {
            GoldenFixtures.Case c = GoldenFixtures.one("hiervl", name);
            Confidence mode = name.equals("pixelavg") ? Confidence.PIXELAVG : Confidence.PIXELWISE;
            checkPixels(c, c.array("label", D), StrongViewLoss.weights(c.array("confidence", D), c.array("valid", D), 0.95, mode));
        }
        GoldenFixtures.Case c = GoldenFixtures.one("hiervl", "self_training");
        DataType f = DataType.FLOAT;
        checkPixels(c, c.array("label", f), FeaturePerturbationLoss.weights(c.array("confidence", f), c.array("valid", f), 0.95,
            Confidence.PIXELWISE));
    }

    @Test
    void guidance() {
        GoldenFixtures.Case c = GoldenFixtures.one("hiervl", "guidance");
        INDArray labels = c.array("guidance_label", D);
        checkPixels(c, labels, GuidanceLoss.weights(labels, 5));
    }

    @Test
    void guidanceLabels() {
        GoldenFixtures.Case c = GoldenFixtures.one("hiervl", "guidance_labels");
        INDArray scores = GuidanceLabels.scores(c.array("dense", D), c.array("concepts", D), c.ints("concept_class"), 4, 100, 3, 4);
        c.check("scores", scores);
        GuidanceLabels labels = GuidanceLabels.of(scores, 48, 64, null, 0.9);
        c.check("max_prob", labels.probabilities());
        double[] expected = c.values("label");
        double[] p = c.values("max_prob");
        double[] found = Maps.read(labels.labels());
        for (int i = 0; i < found.length; i++) {
            if (Math.abs(p[i] - 0.9) > 1e-4) {
                assertEquals(expected[i], found[i], "pixel " + i);
            }
        }
    }

    @Test
    void pseudoLabels() {
        for (String name : List.of("scores_T0.5", "scores_T1.0")) {
            GoldenFixtures.Case c = GoldenFixtures.one("hiervl", name);
            double[] prob = c.values("prob");
            for (PseudoLabels p : List.of(PseudoLabels.of(c.array("z", D)),
                PseudoLabels.ofScores(c.array("S_full", D), 1e-6, c.config.get("T").asDouble()))) {
                double[] confidence = Maps.read(p.confidence());
                double[] labels = Maps.read(p.labels());
                for (int i = 0; i < confidence.length; i++) {
                    double max = 0;
                    for (int k = 0; k < 5; k++) {
                        max = Math.max(max, prob[(i / 320 * 5 + k) * 320 + i % 320]);
                    }
                    assertEquals(max, confidence[i], 1e-5);
                    assertEquals(max, prob[(i / 320 * 5 + (int) labels[i]) * 320 + i % 320], 0.0);
                }
            }
        }
    }

    @Test
    void maskedPatches() {
        GoldenFixtures.Case c = GoldenFixtures.one("hiervl", "mask_geometry");
        MaskTargets t = MaskTargets.of(c.array("labels", D), new MaskTargets.Rules(256, 16, true, false), c.ints("class"));
        double[] selected = c.values("selected");
        double[] weights = Maps.read(t.weights());
        double count = Maps.sum(selected);
        for (int i = 0; i < selected.length; i++) {
            assertEquals(selected[i] / count, weights[i], 1e-15);
            assertEquals(selected[i] == 1 ? c.ints("class")[i / 16] : -1, t.patchClasses().getDouble(i / 16, i % 16));
        }
        // with a tolerance only because the fixture has negative zeros
        assertArrayEquals(c.values("erased"), Maps.read(t.erase(c.array("image", D))), 1e-300);
    }
}
