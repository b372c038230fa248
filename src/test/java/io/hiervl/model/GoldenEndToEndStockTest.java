package io.hiervl.model;

import io.hiervl.GoldenFixtures;
import io.hiervl.GoldenFixtures.Case;
import io.hiervl.GoldenSuite.Setting;
import io.hiervl.clip.DensePath;
import io.hiervl.clip.EotRule;
import io.hiervl.clip.TextTower;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.op.SameDiffOps;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The whole network of stock ops, forward, against the end-to-end fixtures. */
class GoldenEndToEndStockTest {
    private static final Setting STOCK = Setting.STOCK;

    private final Map<String, SDVariable> outputs = new LinkedHashMap<>();

    /** The set of fixtures that is read. */
    GoldenFixtures.Source source() {
        return GoldenFixtures.Source.SHARED;
    }

    @BeforeEach
    void fixtures() {
        GoldenFixtures.use(source());
    }

    @AfterEach
    void others() {
        GoldenFixtures.use(GoldenFixtures.Source.SHARED);
    }

    @BeforeAll
    static void start() {
        SameDiffOps.start();
    }

    private void verify(Case golden, Ops ops) {
        Case c = golden.again(STOCK.label);
        Map<String, INDArray> values = ops.sd().output(Map.of(), outputs.values().stream().map(SDVariable::name).toList());
        outputs.forEach((name, v) -> c.check(name, values.get(v.name())));
    }

    private static TextTower.Output text(GoldenNetwork g, Ops ops, String ids, boolean prompted) {
        Case inputs = GoldenFixtures.one("end_to_end", "inputs");
        int n = (int) inputs.shape(ids)[1];
        int[] flat = inputs.ints(ids);
        int[][] rows = new int[flat.length / n][n];
        for (int i = 0; i < flat.length; i++) {
            rows[i / n][i % n] = flat[i];
        }
        TextTower.Tokens tokens = TextTower.Tokens.of(rows, EotRule.HIGHEST);
        SDVariable prompt = prompted && g.recipe.model().clip().textPromptTokens() > 0 ? g.store.variable(ops.sd(), "text_prompt") : null;
        return new TextTower(g.clip).apply(HierVlNetwork.root(ops, g.store).at("text"),
            ops.constant("names", tokens.embeddings(g.store.get("text.token_embedding").array())), prompt,
            ops.constant("ends", tokens.endSelector(prompted ? g.recipe.model().clip().textPromptTokens() : 0, STOCK.type)));
    }

    @Test
    void texts() {
        GoldenNetwork g = new GoldenNetwork(STOCK.type);
        Ops ops = STOCK.ops();
        outputs.put("text.t", text(g, ops, "text.name_ids", true).raw());
        outputs.put("text.t_clip", text(g, ops, "text.template_ids", false).normalised());
        verify(GoldenFixtures.one("end_to_end", "forward_text"), ops);
    }

    @Test
    void labelledView() {
        GoldenNetwork g = new GoldenNetwork(STOCK.type);
        Ops ops = STOCK.ops();
        Scope root = HierVlNetwork.root(ops, g.store);
        Case inputs = GoldenFixtures.one("end_to_end", "inputs");
        Case c = GoldenFixtures.one("end_to_end", "forward_labelled");
        SDVariable t = text(g, ops, "text.name_ids", true).normalised();
        SDVariable images = ops.constant("images", inputs.array("labelled.image", STOCK.type));
        HierVlNetwork.Features features = g.network.encode(root, images, DensePath.LAST);
        INDArray present = presence(inputs, g.classes).castTo(STOCK.type);
        HierVlNetwork.Output out = g.network.decode(root, features, t, ops.constant("presence", present),
            ops.constant("use_gt", inputs.array("labelled.use_gt_gate", STOCK.type)), true);
        outputs.put("labelled.v", features.v());
        outputs.put("labelled.dense", features.dense());
        for (int i = 0; i < 4; i++) {
            outputs.put("labelled.F" + (i + 1), features.pyramid().get(i).value());
        }
        for (int i = 0; i < out.predictions().size(); i++) {
            outputs.put("labelled.pred" + i + ".class_logits", out.predictions().get(i).classes());
            outputs.put("labelled.pred" + i + ".mask_logits", out.predictions().get(i).masks());
        }
        outputs.put("labelled.gate.s", out.gate().s());
        outputs.put("labelled.gate.logit", out.gate().logit());
        String[] names = {"s32", "s16", "s8"};
        for (int l = 0; l < 3; l++) {
            int[] shape = out.pixels().shapes()[l];
            outputs.put("labelled.memory." + names[l], ops.toMap(out.pixels().memory().get(l), shape[0], shape[1]));
        }
        List<SDVariable> alpha = out.pixels().alpha().get(0);
        for (int l = 0; l < alpha.size(); l++) {
            outputs.put("labelled.cmsam_alpha.layer0.level" + l, alpha.get(l));
        }
        outputs.put("labelled.F_pixel", out.pixels().feature());
        outputs.put("labelled.normed_last", out.last().query());
        outputs.put("labelled.S", g.network.scores(ops, out));
        verify(c, ops);
    }

    private static INDArray presence(Case inputs, int classes) {
        int[] labels = inputs.ints("labelled.label");
        int batch = (int) inputs.shape("labelled.label")[0];
        double[] present = new double[batch * classes];
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < classes) {
                present[i / (labels.length / batch) * classes + labels[i]] = 1;
            }
        }
        return org.nd4j.linalg.factory.Nd4j.create(present, new long[] {batch, classes}, 'c');
    }

    /** The weak view without intermediate predictions, and the feature-perturbed view made of the same features. */
    @Test
    void weakAndFeaturePerturbedViews() {
        GoldenNetwork g = new GoldenNetwork(STOCK.type);
        Ops ops = STOCK.ops();
        Scope root = HierVlNetwork.root(ops, g.store);
        Case inputs = GoldenFixtures.one("end_to_end", "inputs");
        SDVariable t = text(g, ops, "text.name_ids", true).normalised();
        HierVlNetwork.Features weak =
            g.network.encode(root, ops.constant("weak", inputs.array("unlabelled.weak", STOCK.type)), DensePath.NONE);
        HierVlNetwork.Output out = g.network.decode(root, weak, t, null, null, false);
        outputs.put("weak.v", weak.v());
        outputs.put("weak.gate.s", out.gate().s());
        outputs.put("weak.S", g.network.inferenceScores(ops, out));
        List<SDVariable> keep = new ArrayList<>();
        for (int i = 1; i <= 4; i++) {
            keep.add(ops.constant("keep" + i,
                inputs.array("unlabelled.dropout_keep" + i, STOCK.type).div(1 - g.recipe.loss().consistency().featureDropout())));
        }
        HierVlNetwork.Output fp = g.network.decode(root, weak.dropped(ops, keep), t, null, null, false);
        outputs.put("fp.v", weak.v());
        outputs.put("fp.S", g.network.scores(ops, fp));
        verify(GoldenFixtures.one("end_to_end", "forward_unlabelled"), ops);
    }
}
