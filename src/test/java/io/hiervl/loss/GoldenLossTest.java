package io.hiervl.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.GoldenFixtures;
import io.hiervl.GoldenFixtures.Case;
import io.hiervl.config.LossConfig;
import io.hiervl.config.LossConfig.Confidence;
import io.hiervl.config.LossConfig.Reduction;
import io.hiervl.config.LossConfig.TopoRescale;
import io.hiervl.config.Recipes;
import io.hiervl.config.TrainConfig.Method;
import io.hiervl.model.Phi;
import io.hiervl.model.SemanticInference;
import io.hiervl.op.SetLoss;
import io.hiervl.op.kernel.Matching;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Every loss, its targets and its denominators against the golden fixtures, in single and in double precision. */
class GoldenLossTest {
    /** Held by GoldenModulesTest, and cutmix by the tests of the data. */
    private static final Set<String> ELSEWHERE = Set.of("cmsam", "hsqg", "interleaved_layer", "query_decoder", "pyramid", "score_logits", "cutmix");

    @TestFactory
    List<DynamicTest> cases() {
        return GoldenFixtures.cases("hiervl").stream().filter(c -> !ELSEWHERE.contains(c.op)).flatMap(c -> List.of(DataType.FLOAT, DataType.DOUBLE).stream()
            .map(type -> DynamicTest.dynamicTest(c.name + " " + type, () -> verify(c, type)))).toList();
    }

    private static void verify(Case c, DataType type) {
        switch (c.op) {
            case "self_training" -> selfTraining(c, type, Confidence.PIXELWISE, c.config.get("threshold").asDouble());
            case "pixelavg" -> selfTraining(c, type, Confidence.PIXELAVG, 0.95);
            case "guidance" -> guidance(c, type);
            case "guidance_labels" -> guidanceLabels(c, type);
            case "entropy" -> entropy(c, type);
            case "gate_bce" -> gate(c, type);
            case "topo_loss" -> topology(c, type);
            case "anchor_loss" -> anchor(c, type);
            case "qt_loss" -> queryText(c, type);
            case "qt_confident_rows" -> confidentRows(c, type);
            case "masked_patches" -> maskedPatches(c, type);
            case "masked_losses" -> maskedLosses(c, type);
            case "fixed_matching" -> fixedMatching(c, type);
            case "set_loss" -> setLoss(c, type);
            case "no_object_false" -> withoutNoObject(c, type);
            case "confidence_table" -> confidenceTable(c, type);
            case "total_weights" -> totalWeights(c);
            case "total_weights_options" -> totalWeightsOptions(c);
            default -> fail("no test for op " + c.op + " of case " + c.name);
        }
    }

    private static void selfTraining(Case c, DataType type, Confidence mode, double threshold) {
        for (boolean strong : new boolean[] {true, false}) {
            LossCase g = new LossCase(c, type);
            INDArray confidence = g.array("confidence");
            INDArray valid = g.array("valid");
            SDVariable z = g.input("z");
            SDVariable labels = g.constant(g.array("label"));
            g.loss("loss", strong ? StrongViewLoss.build(g.ops, z, labels, g.constant(StrongViewLoss.weights(confidence, valid, threshold, mode)))
                : FeaturePerturbationLoss.build(g.ops, z, labels, g.constant(FeaturePerturbationLoss.weights(confidence, valid, threshold, mode))), 1)
                .verify();
        }
    }

    private static void guidance(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        INDArray labels = g.array("guidance_label");
        g.loss("loss", GuidanceLoss.build(g.ops, g.input("z"), g.constant(labels), g.constant(GuidanceLoss.weights(labels))), 1).verify();
    }

    private static void guidanceLabels(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        JsonNode grid = c.config.get("grid");
        int[] owner = c.ints("concept_class");
        SDVariable cosines = GuidanceLabels.cosines(g.ops, g.constant(g.array("dense")), g.constant(g.array("concepts")), c.config.get("scale").asDouble());
        INDArray scores = GuidanceLabels.classScores(g.ops.sd().output(Map.of(), cosines.name()).get(cosines.name()), owner,
            Arrays.stream(owner).max().getAsInt() + 1, grid.get(0).asInt(), grid.get(1).asInt());
        c.check("scores", scores);
        long[] size = c.shape("label");
        double threshold = c.config.get("threshold").asDouble();
        GuidanceLabels labels = GuidanceLabels.of(scores, (int) size[1], (int) size[2], null, threshold);
        c.check("max_prob", labels.probabilities());
        double[] expected = c.values("label");
        double[] p = c.values("max_prob");
        double[] found = Maps.read(labels.labels());
        for (int i = 0; i < found.length; i++) {
            if (Math.abs(p[i] - threshold) > 1e-4) {
                assertEquals(expected[i], found[i], "pixel " + i);
            }
        }
    }

    private static void entropy(Case c, DataType type) {
        // the temperature inside z is undone
        for (double temperature : new double[] {1, 0.5}) {
            LossCase g = new LossCase(c, type);
            SDVariable z = g.ops.scale(g.ops.log(g.input("S"), c.config.get("eps").asDouble()), 1 / temperature, 0);
            g.loss("loss", EntropyLoss.build(g.ops, z, g.constant(EntropyLoss.weights(g.array("valid"))), temperature, c.config.get("T").asDouble()), 1)
                .verify();
        }
    }

    private static void gate(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        INDArray present = g.array("present");
        // the fixture counts images without a label too; the program leaves them out (hiervl.md 3.4)
        boolean labelled = Nd4j.createFromArray(c.values("present")).reshape(c.shape("present")).max(1).minNumber().doubleValue() == 1;
        INDArray weights = labelled ? GateLoss.weights(present) : Nd4j.valueArrayOf(new long[] {present.size(0)}, 1.0 / present.size(0), type);
        g.loss("loss", GateLoss.build(g.ops, g.input("logit"), g.constant(present), g.constant(weights)), 1).verify();
    }

    private static TopoRescale rescale(Case c) {
        return c.config.get("rescale").asText().equals("none") ? TopoRescale.NONE : TopoRescale.UNCAPPED;
    }

    private static SDVariable unit(LossCase g, String tensor) {
        return g.ops.l2Normalize(g.input(tensor), 1e-20);
    }

    private static void topology(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        g.loss("loss", new PromptTopologyLoss(rescale(c)).build(g.ops, g.input("t"), g.constant(g.array("t_clip"))), 1).verify();
    }

    private static void anchor(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        boolean literal = c.config.get("literal").asBoolean();
        SDVariable t = unit(g, "t");
        SDVariable clip = g.ops.l2Normalize(g.constant(g.array("t_clip")), 1e-20);
        SDVariable f = literal ? Phi.textLiteral(g.scope("phi"), t) : Phi.text(g.scope("phi"), t);
        g.loss("loss", new PromptAnchorLoss(c.config.get("lambda_rep").asDouble(), c.config.get("power").asInt(),
            literal ? Reduction.SUM : Reduction.MEAN, c.config.get("eps").asDouble(), rescale(c)).build(g.ops, f, clip), 1);
        // at distance 0 only the value and finiteness are to be checked
        g.verify(c.has("grad.t") ? new String[0] : leavesOf(c));
    }

    private static String[] leavesOf(Case c) {
        List<String> all = new java.util.ArrayList<>(c.names("param"));
        all.add("t");
        return all.toArray(new String[0]);
    }

    private static void queryText(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        SDVariable x = Phi.query(g.scope("phi"), g.input("normed"));
        SDVariable t = g.input("t");
        if (c.config.get("literal").asBoolean()) {
            g.loss("loss", QueryTextLoss.buildLiteral(g.ops, x, t, g.constant(g.array("class_logits"))), 1).verify();
            return;
        }
        INDArray rowClass = rowClass(c);
        int classes = (int) c.shape("t")[0];
        g.loss("loss", QueryTextLoss.build(g.ops, x, t, g.constant(rowClass), g.constant(QueryTextLoss.weights(rowClass, classes))), 1).verify();
    }

    /** The fixture's rows and classes as a matching, K where a row has none. */
    private static INDArray rowClass(Case c) {
        long[] size = c.shape("class_logits");
        int[] rows = c.ints("rows");
        int[] classes = c.ints("class");
        INDArray result = Nd4j.valueArrayOf(new long[] {size[0], size[1]}, size[2] - 1, DataType.DOUBLE);
        for (int i = 0; i < classes.length; i++) {
            result.putScalar(rows[2 * i], rows[2 * i + 1], classes[i]);
        }
        return result;
    }

    /** Unlabelled rows: the loss on unit queries (1,0) and texts at known angles tells which rows and classes took part. */
    private static void confidentRows(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        long[] size = c.shape("class_logits");
        int k = (int) size[2] - 1;
        INDArray rowClass = rowClass(c);
        INDArray x = Nd4j.ones(type, size[0], size[1], 1);
        INDArray t = Nd4j.create(type, k, 1);
        // in one dimension unit vectors are 1 and -1: the loss is 4 times the share of rows whose class has the sign -1
        for (int i = 0; i < k; i++) {
            for (int j = 0; j < k; j++) {
                t.putScalar(j, 0, i == j ? -1 : 1);
            }
            SDVariable loss = QueryTextLoss.buildUnlabelled(g.ops, g.constant(x), g.constant(t), g.constant(g.array("class_logits")),
                g.constant(Nd4j.valueArrayOf(new long[] {size[0]}, 1.0 / size[0], DataType.DOUBLE)));
            double expected = 0;
            for (int b = 0; b < size[0]; b++) {
                double rows = rowClass.getRow(b).lt(k).castTo(DataType.DOUBLE).sumNumber().doubleValue();
                expected += 4 * rowClass.getRow(b).eq(i).castTo(DataType.DOUBLE).sumNumber().doubleValue() / Math.max(1, rows) / size[0];
            }
            assertEquals(expected, g.ops.sd().output(Map.of(), loss.name()).get(loss.name()).getDouble(0), 1e-6, "class " + i);
        }
    }

    private static void maskedPatches(Case c, DataType type) {
        INDArray labels = c.array("labels", type);
        MaskTargets t = MaskTargets.of(labels, new MaskTargets.Rules(256, c.config.get("patch").asInt(), true, false), c.ints("class"));
        double[] selected = c.values("selected");
        double[] weights = Maps.read(t.patches().weights());
        double[] classes = Maps.read(t.patches().classes());
        double count = Maps.sum(selected);
        int perImage = selected.length / c.ints("class").length;
        for (int i = 0; i < selected.length; i++) {
            assertEquals(selected[i] / count, weights[i], 1e-8);
            assertEquals(selected[i] == 1 ? c.ints("class")[i / perImage] : -1, classes[i]);
        }
        // with a tolerance only because the fixture has negative zeros
        assertArrayEquals(c.values("erased"), Maps.read(t.erase(c.array("image", type))), 1e-300);
    }

    private static void maskedLosses(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        double[] selected = c.values("selected");
        int n = selected.length / c.ints("class").length;
        double count = Maps.sum(selected);
        double[] classes = new double[selected.length];
        for (int i = 0; i < classes.length; i++) {
            classes[i] = selected[i] == 1 ? c.ints("class")[i / n] : -1;
        }
        SDVariable rows = g.constant(classes, classes.length / n, n);
        SDVariable weights = g.constant(Arrays.stream(selected).map(s -> s / count).toArray(), classes.length / n, n);
        SDVariable x = g.input("x_mask");
        SDVariable t = g.input("t");
        g.loss("loss_mask", MaskedConsistencyLoss.build(g.ops, x, t, g.constant(g.array("x_ref")), rows, weights), 1);
        g.loss("loss_pt", PixelTextLoss.build(g.ops, x, t, rows, weights, c.config.get("tau").asDouble()), 1).verify();
    }

    private static Matching matching(Case c) {
        boolean[] things = new boolean[c.config.get("K").asInt()];
        c.config.get("slot_classes").forEach(n -> things[n.asInt()] = true);
        return new Matching(things.length, c.config.get("L").asInt(), c.config.get("M").asInt(), 4, c.config.get("min_cells").asInt(), things);
    }

    private static void fixedMatching(Case c, DataType type) {
        SetTargets found = new FixedMatcher(matching(c), 0.1).match(c.array("labels", type));
        assertArrayEquals(c.values("presence"), Maps.read(found.presence()));
        boolean[] valid = found.valid();
        double[] rows = Maps.read(found.rowClass());
        for (int i = 0; i < rows.length; i++) {
            boolean counts = valid[i / (rows.length / valid.length)];
            assertEquals(counts ? c.values("row_class")[i] : Matching.NOT_COUNTED, rows[i], "row " + i);
        }
        int[] slots = c.ints("slots");
        long[] size = c.shape("slot_masks");
        int cells = (int) (size[1] * size[2]);
        double[] expected = new double[(int) found.slots().length()];
        Arrays.fill(expected, -1);
        for (int s = 0; s < size[0]; s++) {
            for (int i = 0; i < cells; i++) {
                if (c.values("slot_masks")[s * cells + i] == 1) {
                    expected[slots[4 * s] * cells + i] = slots[4 * s + 1];
                }
            }
        }
        assertArrayEquals(expected, Maps.read(found.slots()));
    }

    private static void setLoss(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        int k = c.config.get("K").asInt();
        int points = c.config.get("num_points").asInt();
        double noObject = c.config.get("no_object_weight").asDouble();
        double importance = c.config.get("importance").asDouble();
        INDArray labels = g.array("labels");
        SetTargets targets = new FixedMatcher(matching(c), noObject).match(labels);
        SetPoints given = given(c, targets.matched());
        SetLosses losses = new SetLosses(new SetLoss.Settings(k, c.config.get("L").asInt(), points, (int) c.shape("candidates")[1] / points, importance, false, noObject, 0), Reduction.MEAN);
        Map<String, INDArray> values = new LinkedHashMap<>(given.values(type));
        SetLosses.Inputs in = new SetLosses.Inputs(g.constant(labels), g.constant(targets.rowClass()), g.constant(targets.slots()),
            g.constant(targets.norms()), values.values().stream().map(g::constant).toList());
        SetLosses.Terms terms = losses.build(g.ops, List.of(g.input("class_logits")), List.of(g.input("mask_logits")), in);
        // the fixture's gradients are of the three losses and of their weighted sum
        double[] w = {c.config.get("weights").get(0).asDouble(), c.config.get("weights").get(1).asDouble(), c.config.get("weights").get(2).asDouble()};
        SDVariable weighted = new TotalLoss(g.ops, "coefficients").add("class", terms.classes()).add("bce", terms.bce()).add("dice", terms.dice()).build();
        g.loss("loss_class", terms.classes(), 1 + w[0]).loss("loss_mask", terms.bce(), 1 + w[1]).loss("loss_dice", terms.dice(), 1 + w[2]).verify();
        Map<String, INDArray> coefficients = Map.of("coefficients", Nd4j.createFromArray(w).castTo(type));
        c.check("weighted", g.ops.sd().output(coefficients, weighted.name()).get(weighted.name()));
    }

    private static SetPoints given(Case c, int[] matched) {
        int at = 0;
        List<List<SetPoints.Given.Drawn>> images = new java.util.ArrayList<>();
        for (int n : matched) {
            images.add(List.of(new SetPoints.Given.Drawn(rows(c, "candidates", at, n), rows(c, "random_points", at, n))));
            at += n;
        }
        assertEquals(c.shape("candidates")[0], at);
        return new SetPoints.Given(images);
    }

    private static double[][] rows(Case c, String tensor, int from, int n) {
        int size = (int) (c.values(tensor).length / c.shape(tensor)[0]);
        double[][] rows = new double[n][];
        for (int i = 0; i < n; i++) {
            rows[i] = Arrays.copyOfRange(c.values(tensor), (from + i) * size, (from + i + 1) * size);
        }
        return rows;
    }

    private static void withoutNoObject(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        int k = c.config.get("K").asInt();
        int levels = c.config.get("L").asInt();
        long[] masks = c.shape("mask_logits");
        int batch = (int) masks[0];
        int side = (int) masks[2] * 4;
        // a label map in which exactly the present classes occur; points look at valid pixels only, of which class terms know nothing
        INDArray labels = Nd4j.valueArrayOf(new long[] {batch, side, side}, 255, type);
        for (int b = 0; b < batch; b++) {
            for (int i = 0; i < k; i++) {
                if (c.ints("present")[b * k + i] == 1) {
                    labels.putScalar(b, 0, i, i);
                }
            }
        }
        SetTargets targets = new FixedMatcher(new Matching(k, levels, 0, 4, 2, null), 0).match(labels);
        SetPoints seeds = new SetPoints.Seeds(new int[batch]);
        SetLosses.Inputs in = new SetLosses.Inputs(g.constant(labels), g.constant(targets.rowClass()), g.constant(targets.slots()),
            g.constant(targets.norms()), List.of(g.constant(seeds.values(type).values().iterator().next())));
        SetLosses.Terms terms = new SetLosses(new SetLoss.Settings(k, levels, 8, 3, 0.75, false, 0.1, 0), Reduction.MEAN)
            .build(g.ops, List.of(g.input("class_logits")), List.of(g.input("mask_logits")), in);
        g.loss("loss_class", terms.classes(), 1).loss("loss_empty", terms.empty(), 1).verify();
    }

    /** Confidence of a pixel of a present class by the number of classes, without and with temperature. */
    private static void confidenceTable(Case c, DataType type) {
        long[] size = c.shape("table");
        double[] table = c.values("table").clone();
        double levels = c.config.get("L").asDouble();
        for (int r = 0; r < size[0]; r++) {
            int k = (int) table[r * 5];
            INDArray s = Nd4j.valueArrayOf(new long[] {1, k, 1, 1}, levels * table[r * 5 + 1] * table[r * 5 + 2], type);
            s.putScalar(0, levels * c.config.get("present_score").asDouble());
            table[r * 5 + 3] = s.maxNumber().doubleValue() / s.sumNumber().doubleValue();
            LossCase g = new LossCase(c, type);
            SDVariable z = SemanticInference.logScores(g.ops, g.constant(s), 1, 1, 0.5);
            table[r * 5 + 4] = PseudoLabels.of(g.ops.sd().output(Map.of(), z.name()).get(z.name())).confidence().getDouble(0);
        }
        c.check("table", table, type == DataType.DOUBLE);
    }

    private static void totalWeights(Case c) {
        JsonNode terms = c.config.get("terms");
        JsonNode progress = c.config.get("progress");
        double[] expected = c.values("coefficients");
        Coefficients all = new Coefficients(Recipes.defaults().loss(), Method.HIERVL);
        for (int p = 0; p < progress.size(); p++) {
            Map<String, Double> found = all.at(progress.get(p).asDouble());
            for (int t = 0; t < terms.size(); t++) {
                assertEquals(expected[p * terms.size() + t], coefficient(found, terms.get(t).asText()), 1e-12,
                    terms.get(t).asText() + " at " + progress.get(p));
            }
        }
    }

    /** A coefficient under the paper's name. */
    private static double coefficient(Map<String, Double> c, String name) {
        return switch (name) {
            case "L_x" -> c.get("ce");
            case "l_s1" -> c.get("self_s1");
            case "l_s2" -> c.get("self_s2");
            case "l_fp" -> c.get("self_fp");
            case "g_s1" -> c.get("guidance_s1");
            case "g_s2" -> c.get("guidance_s2");
            case "g_fp" -> c.get("guidance_fp");
            case "H" -> c.get("entropy_s1") + c.get("entropy_s2");
            default -> c.getOrDefault(name.substring(2), 0.0);
        };
    }

    private static void totalWeightsOptions(Case c) {
        LossConfig nested = Recipes.load("default", List.of("loss.vl_nesting=nested")).loss();
        for (String tensor : c.names("output")) {
            LossConfig loss = switch (tensor.substring(0, tensor.indexOf('.'))) {
                case "vl_nesting" -> nested;
                case "gate_literal" -> Recipes.load("literal", List.of()).loss();
                default -> fail("unknown option " + tensor);
            };
            assertEquals(c.scalar(tensor), coefficient(new Coefficients(loss, Method.HIERVL).at(0.5), tensor.substring(tensor.indexOf('.') + 1)), 1e-12);
        }
    }
}
