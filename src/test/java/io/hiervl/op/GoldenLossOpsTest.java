package io.hiervl.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.GoldenFixtures;
import io.hiervl.op.kernel.LossKernel;
import io.hiervl.op.kernel.Matching;
import io.hiervl.op.kernel.PointLoss;
import io.hiervl.op.kernel.SetLossKernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The loss ops against the numbers of the golden fixtures. */
class GoldenLossOpsTest {
    private static final INDArray[] NOTHING = {};

    private static Map<String, INDArray> inputs(GoldenFixtures.Case c, DataType type, String... names) {
        Map<String, INDArray> in = new LinkedHashMap<>();
        for (String name : names) {
            in.put(name, c.array(name, type));
        }
        return in;
    }

    private static INDArray one(DataType type) {
        return Nd4j.ones(type, 1);
    }

    @Test
    void fixedMatching() {
        int cases = 0;
        for (GoldenFixtures.Case c : GoldenFixtures.cases("hiervl")) {
            if (!c.op.equals("fixed_matching")) {
                continue;
            }
            int k = c.config.get("K").asInt();
            boolean[] things = new boolean[k];
            for (JsonNode n : c.config.get("slot_classes")) {
                things[n.asInt()] = true;
            }
            Matching m = new Matching(k, c.config.get("L").asInt(), c.config.get("M").asInt(), 4, c.config.get("min_cells").asInt(), things);
            for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
                var out = FiniteDifferences.run(inputs(c, type, "labels"), List.of(), null,
                    (sd, v) -> Arrays.asList(new FixedMatching(sd, v.get("labels"), m).outputVariables())).outputs();
                c.check("presence", out.get(2));
                int[] expected = c.ints("row_class");
                for (int i = 0; i < expected.length; i++) {
                    int image = i / m.rows();
                    boolean empty = out.get(2).getRow(image).sumNumber().doubleValue() == 0;
                    assertEquals(empty ? Matching.NOT_COUNTED : expected[i], out.get(0).getDouble(image, i % m.rows()), c.name + " row " + i);
                }
                int[] slots = c.ints("slots");
                int[] masks = c.ints("slot_masks");
                long[] size = c.shape("slot_masks");
                int filled = 0;
                for (int s = 0; s < slots.length / 4; s++) {
                    for (int i = 0; i < size[1]; i++) {
                        for (int j = 0; j < size[2]; j++) {
                            int on = out.get(1).getDouble(slots[4 * s], i, j) == slots[4 * s + 1] ? 1 : 0;
                            assertEquals(masks[(int) ((s * size[1] + i) * size[2] + j)], on, c.name + " slot " + s);
                            filled += on;
                        }
                    }
                }
                assertEquals(out.get(1).gte(0).castTo(DataType.DOUBLE).sumNumber().intValue(), filled, "no other slot is filled");
            }
            cases++;
        }
        assertEquals(3, cases);
    }

    @Test
    void setLoss() {
        GoldenFixtures.Case c = GoldenFixtures.one("hiervl", "set_loss_default");
        Matching m = new Matching(4, 3, 9, 4, 4, new boolean[] {false, true, true, true});
        SetLoss.Settings settings = new SetLoss.Settings(4, 3, 24, 3, 0.75, false, 0.1, 0);
        for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
            Map<String, INDArray> in = inputs(c, type, "class_logits", "mask_logits", "labels", "candidates", "random_points");
            var matched = FiniteDifferences.run(Map.of("labels", in.get("labels")), List.of(), null,
                (sd, v) -> Arrays.asList(new FixedMatching(sd, v.get("labels"), m).outputVariables())).outputs();
            double[] rowClass = matched.get(0).castTo(DataType.DOUBLE).reshape(63).toDoubleVector();
            int[] order = c.ints("matched");
            int n = 0;
            double weights = 0;
            for (int r = 0; r < rowClass.length; r++) {
                if (rowClass[r] >= 0 && rowClass[r] < 4) {
                    assertArrayEquals(new int[] {r / 21, r % 21, (int) rowClass[r]}, Arrays.copyOfRange(order, 3 * n, 3 * n + 3));
                    n++;
                }
                weights += rowClass[r] == 4 ? 0.1 : rowClass[r] < 0 ? 0 : 1;
            }
            in.put("rowClass", matched.get(0));
            in.put("slots", matched.get(1));
            in.put("norms", Nd4j.createFromArray(new double[] {1 / weights, 1.0 / n, 0}).castTo(type));
            // The fixture differentiates loss_class + loss_mask + loss_dice + weighted, where weighted = 2, 5 and 5 of them.
            INDArray two = one(type).mul(1 + 2);
            INDArray five = one(type).mul(1 + 5);
            var o = FiniteDifferences.run(in, List.of("class_logits", "mask_logits"), Arrays.asList(two, five, five, null),
                (sd, v) -> Arrays.asList(new SetLoss(sd, v.get("class_logits"), v.get("mask_logits"), v.get("labels"), v.get("rowClass"),
                    v.get("slots"), v.get("norms"), v.get("candidates"), v.get("random_points"), settings).outputVariables()));
            c.check("loss_class", o.outputs().get(0));
            c.check("loss_mask", o.outputs().get(1));
            c.check("loss_dice", o.outputs().get(2));
            c.check("grad.class_logits", o.gradients().get("class_logits"));
            c.check("grad.mask_logits", o.gradients().get("mask_logits"));
            var points = SetLossKernel.points(List.of(in.get("class_logits"), in.get("mask_logits"), in.get("labels"), in.get("rowClass"),
                in.get("slots"), in.get("norms"), in.get("candidates"), in.get("random_points")).toArray(NOTHING),
                new LossKernel.Settings(new long[] {4, 3, 24, 3, 0, 0}, new double[] {0.75, 0.1}));
            double sum = points.stream().flatMapToDouble(Arrays::stream).sum();
            assertEquals(Arrays.stream(c.values("points")).sum(), sum, 1e-4);
        }
    }

    @Test
    void setLossWithoutNoObject() {
        GoldenFixtures.Case c = GoldenFixtures.one("hiervl", "no_object_false");
        SetLoss.Settings settings = new SetLoss.Settings(4, 3, 8, 3, 0.75, false, 0.1, 0);
        int[] present = c.ints("present");
        double[] rowClass = new double[24];
        int absent = 0;
        for (int r = 0; r < 24; r++) {
            boolean on = present[r / 12 * 4 + r % 4] == 1;
            rowClass[r] = on ? r % 4 : 4;
            absent += on ? 0 : 1;
        }
        for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
            Map<String, INDArray> in = inputs(c, type, "class_logits", "mask_logits");
            in.put("labels", Nd4j.valueArrayOf(new long[] {2, 32, 32}, 255, type));
            in.put("rowClass", Nd4j.createFromArray(rowClass).reshape(2, 12).castTo(type));
            in.put("slots", Nd4j.valueArrayOf(new long[] {2, 8, 8}, -1, type));
            in.put("norms", Nd4j.createFromArray(new double[] {1.0 / (24 - absent), 1, 1.0 / absent}).castTo(type));
            in.put("seeds", Nd4j.createFromArray(new double[] {1, 2}).castTo(type));
            var o = FiniteDifferences.run(in, List.of("class_logits", "mask_logits"), Arrays.asList(one(type), null, null, one(type)),
                (sd, v) -> Arrays.asList(new SetLoss(sd, v.get("class_logits"), v.get("mask_logits"), v.get("labels"), v.get("rowClass"),
                    v.get("slots"), v.get("norms"), v.get("seeds"), settings).outputVariables()));
            c.check("loss_class", o.outputs().get(0));
            c.check("loss_empty", o.outputs().get(3));
            c.check("grad.class_logits", o.gradients().get("class_logits"));
            c.check("grad.mask_logits", o.gradients().get("mask_logits"));
        }
    }

    /** Mask2Former's own numbers, where every pixel is valid: the arithmetic of one mask. */
    @Test
    void pointLossesOfMask2former() {
        GoldenFixtures.Case c = GoldenFixtures.one("mask2former", "point_losses");
        double[] logits = c.values("mask_logits");
        int[] rows = c.ints("matched_image_row");
        int n = rows.length / 2;
        double bce = 0;
        double dice = 0;
        double[] gradient = new double[logits.length];
        for (int i = 0; i < n; i++) {
            int plane = (rows[2 * i] * 7 + rows[2 * i + 1]) * 120;
            double[] z = Arrays.copyOfRange(logits, plane, plane + 120);
            double[] mask = Arrays.copyOfRange(c.values("target_masks"), i * 1920, (i + 1) * 1920);
            PointLoss.Target target = PointLoss.textTarget(mask, 48, 40, 2, 1);
            double[] points = PointLoss.choose(z, 12, 10, Arrays.copyOfRange(c.values("candidates"), i * 144, (i + 1) * 144), 18,
                Arrays.copyOfRange(c.values("random_points"), i * 12, (i + 1) * 12), null);
            PointLoss.Losses l = PointLoss.forward(z, 12, 10, points, target);
            bce += l.bce() / n;
            dice += l.dice() / n;
            double[] d = new double[120];
            PointLoss.backward(z, 12, 10, points, target, 1.0 / n, 1.0 / n, d);
            System.arraycopy(d, 0, gradient, plane, 120);
        }
        c.check("loss_mask", new double[] {bce}, true);
        c.check("loss_dice", new double[] {dice}, true);
        c.check("grad.mask_logits", gradient, true);
    }

    @Test
    void pointSampling() {
        GoldenFixtures.Case c = GoldenFixtures.one("mask2former", "point_sampling");
        for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
            var o = FiniteDifferences.run(inputs(c, type, "x", "points"), List.of("x", "points"), List.of(c.array("cot.y", type)),
                (sd, v) -> List.of(new PointSample(sd, v.get("x"), v.get("points")).outputVariable()));
            c.check("y", o.outputs().get(0));
            c.check("grad.x", o.gradients().get("x"));
            c.check("grad.points", o.gradients().get("points"));
        }
    }

    @Test
    void gateBce() {
        GoldenFixtures.Case c = GoldenFixtures.one("hiervl", "gate_bce");
        Map<String, INDArray> in = inputs(c, DataType.DOUBLE, "logit", "present");
        in.put("weights", Nd4j.createFromArray(new double[] {0.5, 0.5}));
        var o = FiniteDifferences.run(in, List.of("logit"), List.of(one(DataType.DOUBLE)),
            (sd, v) -> List.of(new GateBce(sd, v.get("logit"), v.get("present"), v.get("weights")).outputVariable()));
        c.check("loss", o.outputs().get(0));
        c.check("grad.logit", o.gradients().get("logit"));
    }

    @Test
    void crossEntropyWithIgnoredPixels() {
        GoldenFixtures.Case c = GoldenFixtures.one("torch_ops", "cross_entropy_ignore");
        double[] target = c.values("target");
        double[] cotangent = c.values("cot.per_pixel");
        long valid = Arrays.stream(target).filter(t -> t != 255).count();
        double[] weights = new double[target.length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = cotangent[i] + 1.0 / valid;
        }
        Map<String, INDArray> in = inputs(c, DataType.DOUBLE, "logits", "target");
        in.put("weights", Nd4j.createFromArray(weights).reshape(c.shape("target")));
        var o = FiniteDifferences.run(in, List.of("logits"), List.of(one(DataType.DOUBLE)),
            (sd, v) -> List.of(new PixelCrossEntropy(sd, v.get("logits"), v.get("target"), v.get("weights")).outputVariable()));
        c.check("grad.logits", o.gradients().get("logits"));
        in.put("weights", Nd4j.valueArrayOf(c.shape("target"), 1.0 / valid, DataType.DOUBLE));
        c.check("loss", FiniteDifferences.run(in, List.of(), null,
            (sd, v) -> List.of(new PixelCrossEntropy(sd, v.get("logits"), v.get("target"), v.get("weights")).outputVariable())).outputs().get(0));
        INDArray gradient = o.gradients().get("logits");
        int ignored = 0;
        for (int i = 0; i < target.length; i++) {
            if (target[i] == 255) {
                ignored++;
                for (int k = 0; k < 5; k++) {
                    assertEquals(0.0, gradient.getDouble(i / 42, k, i % 42 / 7, i % 7), 0.0, "ignored pixels have no gradient at all");
                }
            }
        }
        assertTrue(ignored > 0);
    }

    @Test
    void entropy() {
        GoldenFixtures.Case c = GoldenFixtures.one("hiervl", "entropy");
        double[] valid = c.values("valid");
        double n = Arrays.stream(valid).sum();
        Map<String, INDArray> in = inputs(c, DataType.DOUBLE, "S");
        in.put("weights", Nd4j.createFromArray(Arrays.stream(valid).map(v -> v / n).toArray()).reshape(c.shape("valid")));
        for (double temperature : new double[] {1, 0.5}) {
            // z = log(S + eps) / T as in training; the loss undoes T
            var o = FiniteDifferences.run(in, List.of("S"), List.of(one(DataType.DOUBLE)), (sd, v) -> {
                SDVariable z = sd.math.log(v.get("S").add(1e-6)).mul(1 / temperature);
                return List.of(new PixelEntropy(sd, z, v.get("weights"), temperature).outputVariable());
            });
            c.check("loss", o.outputs().get(0));
            c.check("grad.S", o.gradients().get("S"));
        }
    }

    @Test
    void promptTopology() {
        for (GoldenFixtures.Case c : GoldenFixtures.cases("hiervl")) {
            if (c.op.equals("topo_loss")) {
                double k = c.shape("t")[0];
                double factor = c.config.get("rescale").asText().equals("none") ? 1 : 21 / k * 21 / k;
                var o = FiniteDifferences.run(inputs(c, DataType.DOUBLE, "t", "t_clip"), List.of("t"), List.of(one(DataType.DOUBLE)),
                    (sd, v) -> List.of(new PromptTopology(sd, v.get("t"), v.get("t_clip"), factor).outputVariable()));
                c.check("loss", o.outputs().get(0));
                c.check("grad.t", o.gradients().get("t"));
            }
        }
    }

    @Test
    void promptAnchor() {
        int cases = 0;
        for (GoldenFixtures.Case c : GoldenFixtures.cases("hiervl")) {
            if (!c.op.equals("anchor_loss")) {
                continue;
            }
            double k = c.shape("t")[0];
            double factor = c.config.get("rescale").asText().equals("none") ? 1 : 21 / k;
            boolean literal = c.config.get("literal").asBoolean();
            List<String> names = new ArrayList<>(List.of("t", "t_clip"));
            names.addAll(c.names("param"));
            Map<String, INDArray> in = inputs(c, DataType.DOUBLE, names.toArray(new String[0]));
            boolean gradients = c.has("grad.t");
            names.remove("t_clip");
            var o = FiniteDifferences.run(in, names, List.of(one(DataType.DOUBLE)), (sd, v) -> {
                SDVariable t = v.get("t");
                SDVariable unit = t.div(sd.math.sqrt(t.mul(t).sum(true, 1)));
                SDVariable clip = v.get("t_clip");
                SDVariable anchor = clip.div(sd.math.sqrt(clip.mul(clip).sum(true, 1)));
                SDVariable f = mlp(sd, v, unit);
                if (!literal) {
                    f = f.add(unit);
                    f = f.div(sd.math.sqrt(f.mul(f).sum(true, 1)));
                }
                return List.of(new PromptAnchor(sd, f, anchor, c.config.get("lambda_rep").asDouble(), c.config.get("power").asInt(),
                    !literal, c.config.get("eps").asDouble(), factor).outputVariable());
            });
            c.check("loss", o.outputs().get(0));
            for (String name : names) {
                if (gradients) {
                    c.check("grad." + name, o.gradients().get(name));
                }
                assertTrue(Double.isFinite(o.gradients().get(name).sumNumber().doubleValue()), name);
            }
            cases++;
        }
        assertEquals(7, cases);
    }

    private static SDVariable mlp(org.nd4j.autodiff.samediff.SameDiff sd, Map<String, SDVariable> v, SDVariable x) {
        SDVariable hidden = sd.nn.relu(sd.mmul(x, v.get("param.phi.0.weight"), false, true, false).add(v.get("param.phi.0.bias")), 0);
        return sd.mmul(hidden, v.get("param.phi.2.weight"), false, true, false).add(v.get("param.phi.2.bias"));
    }

    @Test
    void queryText() {
        for (GoldenFixtures.Case c : GoldenFixtures.cases("hiervl")) {
            if (!c.op.equals("qt_loss")) {
                continue;
            }
            boolean literal = c.config.get("literal").asBoolean();
            List<String> names = new ArrayList<>(List.of("normed", "t"));
            names.addAll(c.names("param"));
            Map<String, INDArray> in = inputs(c, DataType.DOUBLE, names.toArray(new String[0]));
            in.put("class_logits", c.array("class_logits", DataType.DOUBLE));
            double[] rowClass = new double[18];
            double[] weights = new double[18];
            int[] rows = c.ints("rows");
            for (int i = 0; i < 5; i++) {
                rowClass[rows[2 * i] * 9 + rows[2 * i + 1]] = c.ints("class")[i];
                weights[rows[2 * i] * 9 + rows[2 * i + 1]] = 0.2;
            }
            in.put("rowClass", Nd4j.createFromArray(rowClass).reshape(2, 9));
            in.put("weights", Nd4j.createFromArray(weights).reshape(2, 9));
            var o = FiniteDifferences.run(in, names, List.of(one(DataType.DOUBLE)), (sd, v) -> {
                SDVariable[] chosen = literal ? new ConfidentRows(sd, v.get("class_logits"), 5, 0).outputVariables()
                    : new SDVariable[] {v.get("rowClass"), v.get("weights")};
                SDVariable x = mlp(sd, v, v.get("normed").reshape(18, 16)).reshape(2, 9, 12);
                return List.of(new QueryText(sd, x, v.get("t"), chosen[0], chosen[1], !literal, !literal).outputVariable());
            });
            c.check("loss", o.outputs().get(0));
            for (String name : names) {
                if (c.has("grad." + name)) {
                    c.check("grad." + name, o.gradients().get(name));
                } else {
                    assertEquals(0, o.gradients().get(name).amaxNumber().doubleValue(), name + " is detached");
                }
            }
        }
    }

    @Test
    void confidentRows() {
        GoldenFixtures.Case c = GoldenFixtures.one("hiervl", "qt_confident_rows");
        var o = FiniteDifferences.run(inputs(c, DataType.DOUBLE, "class_logits"), List.of(), null,
            (sd, v) -> Arrays.asList(new ConfidentRows(sd, v.get("class_logits"), 5, 0.5).outputVariables())).outputs();
        int[] rows = c.ints("rows");
        int[] classes = c.ints("class");
        double[] expected = new double[18];
        Arrays.fill(expected, -100);
        for (int i = 0; i < classes.length; i++) {
            expected[rows[2 * i] * 9 + rows[2 * i + 1]] = classes[i];
        }
        assertArrayEquals(expected, o.get(0).reshape(18).toDoubleVector());
        for (int b = 0; b < 2; b++) {
            boolean any = o.get(0).getRow(b).maxNumber().doubleValue() >= 0;
            assertEquals(any ? 1 : 0, o.get(1).getRow(b).sumNumber().doubleValue(), 1e-12, "weights of an image");
        }
    }

    @Test
    void maskedPatches() {
        GoldenFixtures.Case c = GoldenFixtures.one("hiervl", "masked_losses");
        Map<String, INDArray> in = inputs(c, DataType.DOUBLE, "x_mask", "x_ref", "t");
        double[] selected = c.values("selected");
        double n = Arrays.stream(selected).sum();
        double[] classes = new double[24];
        for (int i = 0; i < 24; i++) {
            classes[i] = c.ints("class")[i / 12];
        }
        in.put("classes", Nd4j.createFromArray(classes).reshape(2, 12));
        in.put("weights", Nd4j.createFromArray(Arrays.stream(selected).map(s -> s / n).toArray()).reshape(2, 12));
        var o = FiniteDifferences.run(in, List.of("x_mask", "t"), List.of(one(DataType.DOUBLE), one(DataType.DOUBLE)), (sd, v) -> Arrays.stream(
            MaskedPatches.Equation.values()).map(e -> new MaskedPatches(sd, v.get("x_mask"), v.get("t"), v.get("x_ref"), v.get("classes"),
                v.get("weights"), c.config.get("tau").asDouble(), e).outputVariable()).toList());
        c.check("loss_mask", o.outputs().get(0));
        c.check("loss_pt", o.outputs().get(1));
        c.check("grad.x_mask", o.gradients().get("x_mask"));
        c.check("grad.t", o.gradients().get("t"));
    }
}
