package io.hiervl.loss;

import static io.hiervl.GoldenSuite.FUSED;
import static io.hiervl.GoldenSuite.PLAIN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.GoldenFixtures.Case;
import io.hiervl.GoldenSuite;
import io.hiervl.backend.Matching;
import io.hiervl.backend.choice.Backends;
import io.hiervl.config.LossConfig;
import io.hiervl.config.LossConfig.Confidence;
import io.hiervl.config.LossConfig.Reduction;
import io.hiervl.config.LossConfig.TopoRescale;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.graph.StepArrays;
import io.hiervl.model.Phi;
import io.hiervl.model.SemanticInference;
import io.hiervl.op.ConfidentRows;
import io.hiervl.tensor.Nd4jTensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Every loss, its targets and its denominators (topic hiervl). */
public final class GoldenLosses {
    private GoldenLosses() {
    }

    public static GoldenSuite suite() {
        // one fixture of unlabelled images serves three losses
        return new GoldenSuite("hiervl")
            .on("self_training", FUSED, (c, s) -> selfTraining(c, s.type, Confidence.PIXELWISE, c.real("threshold")), "guidance_label")
            .on("pixelavg", FUSED, (c, s) -> selfTraining(c, s.type, Confidence.PIXELAVG, 0.95), "guidance_label")
            .on("guidance", FUSED, (c, s) -> guidance(c, s.type), "label", "confidence", "valid")
            .on("guidance_labels", FUSED, (c, s) -> guidanceLabels(c, s.type))
            .on("entropy", FUSED, (c, s) -> entropy(c, s.type))
            .on("gate_bce", FUSED, (c, s) -> gate(c, s.type))
            .on("topo_loss", FUSED, (c, s) -> topology(c, s.type))
            .on("anchor_loss", FUSED, (c, s) -> anchor(c, s.type))
            .on("qt_loss", FUSED, (c, s) -> queryText(c, s.type), "class_logits", "rows", "class")
            .on("qt_confident_rows", FUSED, (c, s) -> confidentRows(c, s.type))
            .on("masked_patches", FUSED, (c, s) -> maskedPatches(c, s.type))
            .on("masked_losses", FUSED, (c, s) -> maskedLosses(c, s.type))
            .on("fixed_matching", FUSED, (c, s) -> GoldenSetLosses.fixedMatching(c, s.type))
            .on("set_loss", FUSED, (c, s) -> GoldenSetLosses.setLoss(c, s.type))
            .on("no_object_false", FUSED, (c, s) -> GoldenSetLosses.withoutNoObject(c, s.type))
            .on("confidence_table", FUSED, (c, s) -> confidenceTable(c, s.type))
            .on("total_weights", PLAIN, (c, s) -> totalWeights(c))
            .on("total_weights_options", PLAIN, (c, s) -> totalWeightsOptions(c));
    }

    private static void selfTraining(Case c, DataType type, Confidence mode, double threshold) {
        for (boolean strong : new boolean[] {true, false}) {
            LossCase g = new LossCase(c, type);
            INDArray confidence = g.array("confidence");
            INDArray valid = g.array("valid");
            SDVariable z = g.input("z");
            SDVariable labels = g.constant(g.array("label"));
            g.loss("loss",
                strong ? StrongViewLoss.build(g.ops, z, labels, g.constant(StrongViewLoss.weights(confidence, valid, threshold, mode)))
                    : FeaturePerturbationLoss.build(g.ops, z, labels,
                        g.constant(FeaturePerturbationLoss.weights(confidence, valid, threshold, mode))),
                1)
                .verify();
        }
    }

    private static void guidance(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        INDArray labels = g.array("guidance_label");
        g.loss("loss", GuidanceLoss.build(g.ops, g.input("z"), g.constant(labels), g.constant(GuidanceLoss.weights(labels))), 1).verify();
    }

    private static void guidanceLabels(Case c, DataType type) {
        LossCase g = LossCase.withoutParameters(c, type);
        JsonNode grid = c.config.get("grid");
        int[] owner = c.ints("concept_class");
        SDVariable cosines =
            GuidanceLabels.cosines(g.ops, g.constant(g.array("dense")), g.constant(g.array("concepts")), c.config.get("scale").asDouble());
        INDArray scores = GuidanceLabels.classScores(g.ops.sd().output(Map.of(), cosines.name()).get(cosines.name()), owner,
            Arrays.stream(owner).max().getAsInt() + 1, grid.get(0).asInt(), grid.get(1).asInt());
        c.check("scores", scores);
        long[] size = c.shape("label");
        double threshold = c.config.get("threshold").asDouble();
        GuidanceLabels labels = GuidanceLabels.of(scores, (int) size[1], (int) size[2], null, threshold);
        c.check("max_prob", labels.probabilities());
        double[] p = c.values("max_prob");
        boolean[] doubtful = new boolean[p.length];
        for (int i = 0; i < p.length; i++) {
            // as the fixture's note allows
            doubtful[i] = Math.abs(p[i] - threshold) <= 1e-4;
        }
        c.check("label", Maps.read(labels.labels()), true, doubtful);
    }

    private static void entropy(Case c, DataType type) {
        // the temperature inside z is undone
        for (double temperature : new double[] {1, 0.5}) {
            LossCase g = new LossCase(c, type);
            SDVariable z = g.ops.scale(g.ops.log(g.input("S"), c.config.get("eps").asDouble()), 1 / temperature, 0);
            g.loss("loss",
                EntropyLoss.build(g.ops, z, g.constant(EntropyLoss.weights(g.array("valid"))), temperature, c.config.get("T").asDouble()),
                1)
                .verify();
        }
    }

    private static void gate(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        INDArray present = g.array("present");
        // the fixture counts images without a label too; the program leaves them out (docs/paper.md 3.4)
        boolean labelled = Nd4j.createFromArray(c.values("present")).reshape(c.shape("present")).max(1).minNumber().doubleValue() == 1;
        INDArray weights =
            labelled ? GateLoss.weights(present) : Nd4j.valueArrayOf(new long[] {present.size(0)}, 1.0 / present.size(0), type);
        g.loss("loss", GateLoss.build(g.ops, g.input("logit"), g.constant(present), g.constant(weights)), 1).verify();
    }

    private static TopoRescale rescale(Case c) {
        return switch (c.config.get("rescale").asText()) {
            case "none" -> TopoRescale.NONE;
            case "(21/K)^2", "21/K" -> TopoRescale.UNCAPPED;
            default -> fail("unknown rescaling " + c.config.get("rescale"));
        };
    }

    private static SDVariable unit(LossCase g, String tensor) {
        return g.ops.l2Normalize(g.input(tensor), 1e-20);
    }

    private static void topology(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        g.loss("loss", PromptTopologyLoss.build(g.ops, g.input("t"), g.constant(g.array("t_clip")), rescale(c)), 1).verify();
    }

    private static void anchor(Case c, DataType type) {
        LossCase g = new LossCase(c, type);
        boolean literal = c.config.get("literal").asBoolean();
        SDVariable t = unit(g, "t");
        SDVariable clip = g.ops.l2Normalize(g.constant(g.array("t_clip")), 1e-20);
        SDVariable f = literal ? Phi.textLiteral(g.scope("phi"), t) : Phi.text(g.scope("phi"), t);
        LossConfig.Prompt prompt = new LossConfig.Prompt(1, c.config.get("lambda_rep").asDouble(), c.config.get("power").asInt(),
            literal ? Reduction.SUM : Reduction.MEAN, rescale(c), literal, c.config.get("eps").asDouble());
        g.loss("loss", PromptAnchorLoss.build(g.ops, f, clip, prompt), 1);
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
        g.loss("loss", QueryTextLoss.build(g.ops, x, t, g.constant(rowClass), g.constant(QueryTextLoss.weights(rowClass, classes))), 1)
            .verify();
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

    private static void confidentRows(Case c, DataType type) {
        LossCase g = LossCase.withoutParameters(c, type);
        int k = (int) c.shape("class_logits")[2] - 1;
        SDVariable[] found = new ConfidentRows(k, c.real("threshold")).applyAll(g.ops.sd(), g.constant(g.array("class_logits")));
        assertEquals(QueryTextLoss.CONFIDENT, c.real("threshold"));
        INDArray classes = g.ops.sd().output(Map.of(), found[0].name()).get(found[0].name());
        List<int[]> rows = new java.util.ArrayList<>();
        List<Integer> of = new java.util.ArrayList<>();
        for (int b = 0; b < classes.size(0); b++) {
            for (int q = 0; q < classes.size(1); q++) {
                if (classes.getDouble(b, q) >= 0) {
                    rows.add(new int[] {b, q});
                    of.add((int) classes.getDouble(b, q));
                }
            }
        }
        c.check("rows", rows.stream().flatMapToInt(Arrays::stream).toArray());
        c.check("class", of.stream().mapToInt(Integer::intValue).toArray());
    }

    private static void maskedPatches(Case c, DataType type) {
        INDArray labels = c.array("labels", type);
        MaskTargets t = MaskTargets.of(labels, new MaskTargets.Rules(256, c.config.get("patch").asInt(), true, false), c.ints("class"));
        double[] selected = c.values("selected");
        double[] weights = Maps.read(t.patches().weights());
        double[] classes = Maps.read(t.patches().classes());
        c.check("selected", Arrays.stream(classes).mapToInt(k -> k >= 0 ? 1 : 0).toArray());
        double count = Maps.sum(selected);
        int perImage = selected.length / c.ints("class").length;
        for (int i = 0; i < selected.length; i++) {
            assertEquals(selected[i] / count, weights[i], 1e-8);
            assertEquals(selected[i] == 1 ? c.ints("class")[i / perImage] : -1, classes[i]);
        }
        c.check("erased", Nd4jTensors.array(t.erase(Nd4jTensors.of(c.array("image", type)), new StepArrays(Backends.host()))));
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

    static Matching matching(Case c) {
        boolean[] things = new boolean[c.config.get("K").asInt()];
        c.config.get("slot_classes").forEach(n -> things[n.asInt()] = true);
        return new Matching(things.length, c.config.get("L").asInt(), c.config.get("M").asInt(), 4, c.config.get("min_cells").asInt(),
            things);
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
            LossCase g = LossCase.withoutParameters(c, type);
            SDVariable z = SemanticInference.logScores(g.ops, g.constant(s), 1, 1, 0.5);
            table[r * 5 + 4] = PseudoLabels.of(g.ops.sd().output(Map.of(), z.name()).get(z.name())).confidence().getDouble(0);
        }
        c.check("table", table, type == DataType.DOUBLE);
    }

    private static void totalWeights(Case c) {
        JsonNode terms = c.config.get("terms");
        JsonNode progress = c.config.get("progress");
        double[] weights = new double[progress.size() * terms.size()];
        Terms all = Terms.of(Recipes.defaults());
        for (int p = 0; p < progress.size(); p++) {
            Map<String, Double> found = all.weights(progress.get(p).asDouble());
            for (int t = 0; t < terms.size(); t++) {
                weights[p * terms.size() + t] = coefficient(found, terms.get(t).asText());
            }
        }
        c.check("coefficients", weights, true);
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
        Recipe nested = Recipes.load("default", List.of("loss.vl_nesting=nested"));
        for (String tensor : c.names("output")) {
            Recipe recipe = switch (tensor.substring(0, tensor.indexOf('.'))) {
                case "vl_nesting" -> nested;
                case "gate_literal" -> Recipes.load("literal", List.of());
                default -> fail("unknown option " + tensor);
            };
            c.check(tensor, new double[] {coefficient(Terms.of(recipe).weights(0.5), tensor.substring(tensor.indexOf('.') + 1))}, true);
        }
    }
}
