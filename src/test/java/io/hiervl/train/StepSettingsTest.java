package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.Matching;
import io.hiervl.backend.choice.Backends;
import io.hiervl.data.Batches;
import io.hiervl.data.CutMix;
import io.hiervl.data.LabelledBatch;
import io.hiervl.data.UnlabelledBatch;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.StepArrays;
import io.hiervl.loss.Believed;
import io.hiervl.loss.Downsample;
import io.hiervl.loss.Feed;
import io.hiervl.loss.SetTargets;
import io.hiervl.loss.UnlabelledScene;
import io.hiervl.loss.View;
import io.hiervl.loss.ViewTargets;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.tensor.Nd4jTensors;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Settings that change what a step computes, against plain arithmetic. */
class StepSettingsTest {
    private static RandomStep random(long seed, int classes, String... settings) {
        return new RandomStep(DataType.DOUBLE, seed, classes, "default", settings);
    }

    private static Map<String, Double> log(RandomStep random, Batches.Step batch) {
        return random.step().accumulate(batch, random.draws()).log();
    }

    /** Equation 7 on the patches of whole images: mean over patches with a majority class of CE(cos / tau). */
    @Test
    void equationSevenOnWholeImages() {
        RandomStep random = random(21, 4, "loss.pt_unmasked=0.3", "train.method=hiervl");
        LabelledBatch batch = random.labelled(2);
        Map<String, Double> with = log(random, new Batches.Step(60, batch, null));
        TrainingModel m = random.model;
        FusedOps ops = new FusedOps(Graphs.create(), DataType.DOUBLE);
        SDVariable dense = m.network().towers().dense(HierVlNetwork.root(ops, m.store()), ops.constant("images", batch.images()),
            m.densePath());
        INDArray x;
        try (GraphRunner.Result r = ops.runner(List.of(dense.name())).run(Map.of())) {
            x = r.output(dense.name()).dup('c');
        }
        double sum = 0;
        int count = 0;
        for (int b = 0; b < 2; b++) {
            for (int p = 0; p < 16; p++) {
                int[] area = new int[5];
                for (int i = 0; i < 64; i++) {
                    int l = (int) batch.labels().getDouble(b, p / 4 * 8 + i / 8, p % 4 * 8 + i % 8);
                    area[Math.min(l, 4)]++;
                }
                for (int c = 0; c < 4; c++) {
                    if (area[c] > 32 || area[c] == 32 && c == firstOfHalf(area)) {
                        sum += crossEntropy(x.get(NDArrayIndex.point(b), NDArrayIndex.point(p), NDArrayIndex.all()), m.t(), c, 0.07);
                        count++;
                    }
                }
            }
        }
        assertTrue(count > 16);
        assertEquals(sum / count, with.get("pt_unmasked"), 1e-9);
        RandomStep off = random(21, 4);
        Map<String, Double> without = log(off, new Batches.Step(60, batch, null));
        assertFalse(without.containsKey("pt_unmasked"));
        assertEquals(without.get("total") + 0.3 * with.get("pt_unmasked"), with.get("total"), 1e-9);
        assertEquals(without.get("pt"), with.get("pt"), 1e-12);
    }

    private static int firstOfHalf(int[] area) {
        for (int c = 0; c < 4; c++) {
            if (area[c] == 32) {
                return c;
            }
        }
        return -1;
    }

    private static double crossEntropy(INDArray x, INDArray t, int label, double tau) {
        double[] logits = new double[(int) t.size(0)];
        double sum = 0;
        for (int k = 0; k < logits.length; k++) {
            logits[k] = Transforms.cosineSim(x, t.getRow(k)) / tau;
            sum += Math.exp(logits[k]);
        }
        return Math.log(sum) - logits[label];
    }

    /** Confident regions are masks, the rest is ignored; classes in doubt and visual rows do not count. */
    @Test
    void pseudoLabelsAsMasks() {
        RandomStep random = random(22, 4, "loss.self_train_set=true", "loss.threshold=0.9");
        UnlabelledBatch u = random.unlabelled(2, null);
        u.valid().assign(1);
        INDArray labels = Nd4j.zeros(DataType.DOUBLE, 2, 32, 32);
        INDArray confidence = Nd4j.valueArrayOf(labels.shape(), 0.95, DataType.DOUBLE);
        labels.get(NDArrayIndex.point(0), NDArrayIndex.interval(0, 16), NDArrayIndex.all()).assign(1);
        // class 2 is believed but never confidently; image 1 is sure of nothing
        labels.get(NDArrayIndex.point(0), NDArrayIndex.interval(16, 20), NDArrayIndex.all()).assign(2);
        confidence.get(NDArrayIndex.point(0), NDArrayIndex.interval(16, 24), NDArrayIndex.all()).assign(0.5);
        confidence.get(NDArrayIndex.point(1)).assign(0.5);
        Believed maps = new Believed(labels, confidence, u.valid(), Nd4j.valueArrayOf(labels.shape(), 255.0, DataType.DOUBLE));
        ViewTargets in = new StepTargets(random.model).view(View.S1, u.strong1(), maps, random.draws());
        INDArray seen = in.labels();
        assertEquals(16 * 32 * 2 - 8 * 32, seen.get(NDArrayIndex.point(0)).lt(255).castTo(DataType.DOUBLE).sumNumber().intValue());
        assertEquals(0, seen.get(NDArrayIndex.point(1)).lt(255).castTo(DataType.DOUBLE).sumNumber().intValue());
        SetTargets t = in.set();
        double[] text = {0, 1, Matching.NOT_COUNTED, 4};
        for (int r = 0; r < t.rowClass().size(1); r++) {
            assertEquals(r < 12 ? text[r % 4] : Matching.NOT_COUNTED, t.rowClass().getDouble(0, r), "row " + r);
            assertEquals(Matching.NOT_COUNTED, t.rowClass().getDouble(1, r), "row " + r);
        }
        // two classes and one absent one of weight 0.1 at three levels
        assertEquals(1 / 6.3, t.norms().getDouble(0), 1e-12);
        assertEquals(1 / 6.0, t.norms().getDouble(1), 1e-12);
        RandomStep on = random(23, 4, "loss.self_train_set=true");
        RandomStep off = random(23, 4);
        Batches.Step batch = on.batch(2, 2);
        Map<String, Double> with = log(on, batch);
        Map<String, Double> without = log(off, batch);
        double sum = 0;
        for (View v : List.of(View.S1, View.S2, View.FP)) {
            double factor = v == View.FP ? 0.25 : 0.125;
            sum += factor * (2 * with.get(v.name("set_class")) + 5 * with.get(v.name("set_mask")) + 5 * with.get(v.name("set_dice")));
        }
        assertNotEquals(0, sum, 0.1);
        assertEquals(without.get("total") + sum, with.get("total"), 1e-9);
    }

    @Test
    void manyClassesTakeTheStrideOfMasks() {
        assertEquals(1, random(24, 50).model.unlabelledStride());
        assertEquals(2, random(24, 51).model.unlabelledStride());
        assertEquals(1, random(24, 51, "loss.unlabelled_stride=full").model.unlabelledStride());
        assertEquals(2, random(24, 4, "loss.unlabelled_stride=four").model.unlabelledStride());
    }

    @Test
    void boxesFollowTheStride() {
        RandomStep random = random(25, 4);
        INDArray map = random.labels(4);
        List<CutMix.Box> boxes = random.unlabelled(4, null).boxes1();
        List<CutMix.Box> small = boxes.stream().map(b -> b.atStride(4)).toList();
        assertEquals(Downsample.nearest(CutMix.mix(map, boxes), 4), CutMix.mix(Downsample.nearest(map, 4), small));
    }

    /** All losses of an unlabelled view from S at the size of masks, without upsampling. */
    @Test
    void lossesAtTheStrideOfMasks() {
        RandomStep random = random(26, 4, "loss.unlabelled_stride=four");
        TrainingModel m = random.model;
        new TextGraph(m).forward();
        UnlabelledBatch u = random.unlabelled(2, null);
        Believed own =
            new Beliefs(m, new FrozenGraph(m), new MicroBatches(2, Backends.compute())).of(u, 0.5, new StepArrays(Backends.host()));
        assertEquals(16, own.labels().size(1));
        ViewTargets mixed = new StepTargets(m).mixed(View.S1, u, own, own, random.draws());
        Feed<ViewTargets> feed = Feed.of(mixed);
        LossGraph<ViewTargets> graph = LossGraph.of(m, feed, 0, 2, new Networks(m).strong(), m.terms().on(UnlabelledScene.class, View.S1));
        for (String term : List.of("self", "guidance", "entropy")) {
            assertTrue(graph.ops().sd().getOps().keySet().stream().anyMatch(op -> op.startsWith("loss." + term)),
                "no op is called after the term " + term + ": " + graph.ops().sd().getOps().keySet());
        }
        SDVariable scores = m.network().scores(graph.ops(), ((UnlabelledScene) graph.scene()).output());
        INDArray s;
        try (GraphRunner.Result r = graph.ops().runner(List.of(scores.name())).runTensors(feed.rows(graph.inputs(), 0, 2), null, null)) {
            s = r.output(scores.name()).dup('c');
        }
        assertEquals(16, s.size(2));
        Map<String, Double> found =
            RandomStep.run(graph, feed, Map.of("self", 1.0, "guidance", 1.0, "entropy", 1.0), new GradientSum(Backends.host()));
        double self = 0;
        double guidance = 0;
        double entropy = 0;
        double valid = 0;
        Believed maps = mixed.believed();
        for (int b = 0; b < 2; b++) {
            for (int i = 0; i < 16; i++) {
                for (int j = 0; j < 16; j++) {
                    double[] p = new double[4];
                    double z = 0;
                    double sum = 0;
                    for (int k = 0; k < 4; k++) {
                        p[k] = s.getDouble(b, k, i, j) + 1e-6;
                        z += p[k] * p[k];
                        sum += p[k];
                    }
                    boolean ok = maps.valid().getDouble(b, i, j) == 1;
                    valid += ok ? 1 : 0;
                    int label = (int) maps.labels().getDouble(b, i, j);
                    self += ok && maps.confidence().getDouble(b, i, j) >= 0.26 ? Math.log(z) - 2 * Math.log(p[label]) : 0;
                    int guide = (int) maps.guidance().getDouble(b, i, j);
                    guidance += guide < 4 ? Math.log(z) - 2 * Math.log(p[guide]) : 0;
                    for (int k = 0; k < 4 && ok; k++) {
                        entropy -= p[k] / sum * Math.log(p[k] / sum);
                    }
                }
            }
        }
        assertEquals(self / valid, found.get("self"), 1e-9);
        assertEquals(guidance / (2 * 16 * 16), found.get("guidance"), 1e-9);
        assertEquals(entropy / valid, found.get("entropy"), 1e-9);
        assertTrue(self > 0 && guidance > 0);
    }

    /** A batch of one is mixed with the image of the step before, labels included. */
    @Test
    void oneImageIsMixedWithThePreviousOne() {
        RandomStep random = random(27, 4);
        TrainingModel m = random.model;
        new TextGraph(m).forward();
        UnlabelledBatch before = random.unlabelled(1, null);
        UnlabelledBatch one = random.unlabelled(1, before);
        FrozenGraph frozen = new FrozenGraph(m);
        Beliefs beliefs = new Beliefs(m, frozen, new MicroBatches(1, Backends.compute()));
        Believed own = beliefs.of(one, 0.5, new StepArrays(Backends.host()));
        Believed other = beliefs.of(before, 0.5, new StepArrays(Backends.host()));
        ViewTargets mixed = new StepTargets(m).mixed(View.S2, one, own, other, random.draws());
        CutMix.Box box = one.boxes2().get(0);
        for (int y = 0; y < 32; y++) {
            for (int x = 0; x < 32; x++) {
                boolean inside = y >= box.top() && y < box.bottom() && x >= box.left() && x < box.right();
                assertEquals((inside ? before : one).strong2().getDouble(0, 1, y, x),
                    Nd4jTensors.array(mixed.images()).getDouble(0, 1, y, x));
                Believed from = inside ? other : own;
                assertEquals(from.labels().getDouble(0, y, x), mixed.believed().labels().getDouble(0, y, x));
                assertEquals(from.confidence().getDouble(0, y, x), mixed.believed().confidence().getDouble(0, y, x));
                assertEquals(from.valid().getDouble(0, y, x), mixed.believed().valid().getDouble(0, y, x));
                assertEquals(from.guidance().getDouble(0, y, x), mixed.believed().guidance().getDouble(0, y, x));
            }
        }
        UnlabelledBatch third = random.unlabelled(1, null);
        UnlabelledBatch changed = new UnlabelledBatch(one.weak(), one.strong1(), one.strong2(), one.valid(), one.boxes1(), one.boxes2(),
            one.names(), null, third);
        LabelledBatch labelled = random.labelled(1);
        Map<String, Double> a = log(random, new Batches.Step(60, labelled, one));
        Map<String, Double> b = log(random, new Batches.Step(60, labelled, changed));
        assertNotEquals(a.get("self_s1"), b.get("self_s1"), "the partner takes part");
        assertEquals(a.get("self_fp"), b.get("self_fp"), "the weak view is not mixed");
    }

    /** Terms without weight are neither computed nor logged. */
    @Test
    void weightsOfZeroSwitchTermsOff() {
        RandomStep random =
            random(28, 4, "loss.qt=0", "loss.gate=0", "loss.guidance_start=0", "loss.entropy=0", "loss.prompt=0", "loss.mask=0");
        Map<String, Double> log = log(random, random.batch(2, 2));
        assertEquals(List.of("total", "ce", "set_class", "set_mask", "set_dice", "mask_ratio", "self_s1", "self_s2", "self_fp", "pt"),
            List.copyOf(log.keySet()));
        RandomStep supervised = random(28, 4, "train.method=supervised");
        assertEquals(List.of("total", "ce", "set_class", "set_mask", "set_dice", "gate"),
            List.copyOf(log(supervised, supervised.batch(2, 2)).keySet()));
    }

    /** The gate of a labelled image: ground truth, predicted, or a coin; never ground truth without any label. */
    @Test
    void gateModes() {
        for (String mode : List.of("gt", "pred", "mix")) {
            RandomStep random = random(29, 4, "model.gate_mode=" + mode);
            LabelledBatch batch = random.labelled(40);
            batch.labels().get(NDArrayIndex.point(7)).assign(RandomStep.IGNORE);
            INDArray use = new StepTargets(random.model).labelled(batch, random.draws()).useGt();
            int used = use.sumNumber().intValue();
            assertEquals(0, use.getDouble(7));
            assertTrue(mode.equals("gt") ? used == 39 : mode.equals("pred") ? used == 0 : used > 8 && used < 32, mode + " " + used);
        }
    }

    private static double gradientNorm(String gateRows) {
        RandomStep random = random(29, 4, "model.gate_mode=gt", "model.mask_head=residual", "model.zero_init_cmsam=true",
            "model.zero_init_text_attn=true", "model.zero_init_decoder=true", "model.gate_rows=" + gateRows);
        TrainingStep step = random.step();
        step.accumulate(new Batches.Step(60, random.labelled(2), null), random.draws());
        return Math.sqrt(step.gradients().values().stream().mapToDouble(g -> Math.pow(g.norm2Number().doubleValue(), 2)).sum());
    }

    /** A query that the gate switches off is a zero vector, and layer norms blow up its gradient (docs/paper.md 3.4). */
    @Test
    void queriesThatTheGateLeavesHaveGradientsOfOrdinarySize() {
        assertTrue(gradientNorm("true") > 1e6, "zero vectors through the decoder's layer norms: " + gradientNorm("true"));
        assertTrue(gradientNorm("false") < 1e4, "no zero vectors: " + gradientNorm("false"));
    }

    /** At step 60 the common warm-up is over, and the image tower stands at 60 of 6000: its first steps of Adam are 100 times smaller. */
    @Test
    void theImageTowerWarmsUpForLonger() {
        double[] plain = moved();
        double[] longer = moved("train.vit_warmup=6000");
        assertEquals(plain[0] * 0.01, longer[0], 1e-3 * plain[0] * 0.01);
        assertEquals(plain[1], longer[1], 1e-9 * plain[1]);
    }

    /** How far the first step moves the position table of the image tower, and the level embeddings of the pixel decoder. */
    private static double[] moved(String... settings) {
        RandomStep random = random(27, 4, settings);
        List<INDArray> now = List.of(random.model.store().get("vision.positional_embedding").array(),
            random.model.store().get("pixel_decoder.level_embed").array());
        List<INDArray> before = now.stream().map(a -> a.dup('c')).toList();
        random.step().run(random.batch(1, 1));
        return new double[] {now.get(0).distance2(before.get(0)), now.get(1).distance2(before.get(1))};
    }
}
