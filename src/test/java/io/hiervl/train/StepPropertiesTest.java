package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.backend.choice.Backends;
import io.hiervl.config.Recipes;
import io.hiervl.data.Batches;
import io.hiervl.data.LabelledBatch;
import io.hiervl.data.UnlabelledBatch;
import io.hiervl.graph.ParameterStore;
import io.hiervl.loss.Believed;
import io.hiervl.loss.Feed;
import io.hiervl.loss.SetTargets;
import io.hiervl.loss.Terms;
import io.hiervl.loss.UnlabelledScene;
import io.hiervl.loss.View;
import io.hiervl.loss.ViewTargets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Properties of the training step that hold for any weights and batch. */
class StepPropertiesTest {
    private static final String[] EVERYTHING = {"loss.qt_on_unlabelled=true", "loss.self_train_set=true", "loss.pt_unmasked=0.2",
        "loss.mask_background=true"};

    /** Terms and gradients of a step in parts. */
    private record Outcome(Map<String, Double> log, Map<String, INDArray> gradients) {
        static Outcome of(RandomStep random, Batches.Step batch, Draws draws) {
            TrainingStep step = random.step();
            Map<String, Double> log = step.accumulate(batch, draws).log();
            Map<String, INDArray> copies = new LinkedHashMap<>();
            step.gradients().forEach((name, g) -> copies.put(name, g.dup('c')));
            return new Outcome(log, copies);
        }

        void requireEqual(Outcome other, double tolerance) {
            assertEquals(log.keySet(), other.log.keySet());
            log.forEach((name, v) -> assertEquals(v, other.log.get(name), tolerance * Math.max(1, Math.abs(v)), name));
            assertEquals(gradients.keySet(), other.gradients.keySet());
            double largest = gradients.values().stream().mapToDouble(g -> g.amaxNumber().doubleValue()).max().orElseThrow();
            assertTrue(largest > 0);
            gradients.forEach(
                (name, g) -> assertEquals(0, g.sub(other.gradients.get(name)).amaxNumber().doubleValue(), tolerance * largest, name));
        }
    }

    private static RandomStep random(long seed, String recipe, int microBatch, String... more) {
        List<String> all = new ArrayList<>(List.of(EVERYTHING));
        all.add("train.micro_batch=" + microBatch);
        all.addAll(List.of(more));
        return new RandomStep(DataType.DOUBLE, seed, 4, recipe, all.toArray(new String[0]));
    }

    @ParameterizedTest
    @CsvSource({"1,default,loss.confidence=pixelwise,4", "2,default,loss.confidence=pixelavg,5", "3,literal,loss.deep_sup=sum,4",
        "4,default,loss.unlabelled_stride=four,4", "1,default,loss.self_train_set=false,4"})
    void microBatchesAddUpToTheUndividedStep(long seed, String recipe, String setting, int images) {
        // five images run in two lanes
        RandomStep random = random(seed, recipe, images, setting);
        Batches.Step batch = random.batch(images, images);
        // without a set loss the weak and the perturbed view share a pass
        boolean masks = random.model.recipe().loss().unlabelled().selfTrainSet();
        // one labelled image without any label
        batch.labelled().labels().get(NDArrayIndex.point(1)).assign(RandomStep.IGNORE);
        Outcome whole = Outcome.of(random, batch, random.draws());
        for (String term : List.of("ce", "set_class", "set_mask", "qt", "pt_unmasked", "self_s1", "set_mask_s1", "guidance_s1",
            "entropy_s1", "qt_s1",
            "self_fp", "mask", "pt", "topo", "anchor")) {
            assertEquals(masks || !term.equals("set_mask_s1"), whole.log.getOrDefault(term, 0.0) != 0, term);
        }
        // three images and the rest
        whole.requireEqual(Outcome.of(random(seed, recipe, 3, setting), batch, random.draws()), 1e-9);
    }

    @ParameterizedTest
    @ValueSource(longs = {5, 6})
    void permutingTheBatchPermutesTheOutputs(long seed) {
        RandomStep random = random(seed, "default", 4);
        new TextGraph(random.model).forward();
        INDArray images = random.labelled(3).images();
        int[] order = {2, 0, 1};
        INDArray z = InferenceGraph.of(random.model, images.shape(), 1).z(images);
        INDArray moved = InferenceGraph.of(random.model, images.shape(), 1).z(take(images, order));
        assertEquals(0, moved.sub(take(z, order)).amaxNumber().doubleValue(), 1e-10);
        assertNotEquals(0, moved.sub(z).amaxNumber().doubleValue(), 1e-3);
    }

    private static INDArray take(INDArray a, int... order) {
        INDArray result = a.dup('c');
        for (int i = 0; i < order.length; i++) {
            result.get(NDArrayIndex.point(i)).assign(a.get(NDArrayIndex.point(order[i])));
        }
        return result;
    }

    /** Names and everything that is learned per class change places; the scores do the same. */
    @ParameterizedTest
    @CsvSource({"7,default", "8,literal"})
    void permutingTheClassesPermutesTheScores(long seed, String recipe) {
        int[] order = {2, 0, 3, 1};
        RandomStep before = random(seed, recipe, 4);
        RandomStep after = random(seed, recipe, 4);
        INDArray images = before.labelled(2).images();
        int k = order.length;
        int levels = before.model.recipe().model().queries().levels();
        int[] rows = new int[k * levels];
        for (int r = 0; r < rows.length; r++) {
            rows[r] = r / k * k + order[r % k];
        }
        ParameterStore store = after.model.store();
        for (String name : List.of("query_decoder.class_head.weight", "query_decoder.class_head.bias")) {
            store.assign(name, take(store.get(name).array(), order));
        }
        store.assign("query_decoder.query_pos", take(store.get("query_decoder.query_pos").array(), rows));
        INDArray position = store.get("pixel_decoder.text_pos").array();
        long[] shape = position.shape();
        store.assign("pixel_decoder.text_pos", take(position.reshape(shape[0] * shape[1], shape[2]), rows).reshape(shape));
        int[][] ids = new int[k][];
        for (int i = 0; i < k; i++) {
            ids[i] = before.model.names().ids()[order[i]];
        }
        TrainingModel m = after.model;
        TrainingModel permuted =
            TrainingModel.of(m.recipe(), m.architecture(), m.classes(), new io.hiervl.clip.TextTower.Tokens(ids, m.names().end()),
                m.traits(), store, m.prototypes(), m.guidance());
        new TextGraph(before.model).forward();
        new TextGraph(permuted).forward();
        INDArray z = InferenceGraph.of(before.model, images.shape(), 1).z(images).permute(1, 0, 2, 3).dup('c');
        INDArray moved = InferenceGraph.of(permuted, images.shape(), 1).z(images).permute(1, 0, 2, 3).dup('c');
        assertEquals(0, moved.sub(take(z, order)).amaxNumber().doubleValue(), 1e-9);
        assertNotEquals(0, moved.sub(z).amaxNumber().doubleValue(), 1e-3);
    }

    @Test
    void matchingDoesNotDependOnPredictions() {
        RandomStep random = random(9, "default", 4);
        LabelledBatch batch = random.labelled(3);
        SetTargets first = new StepTargets(random.model).labelled(batch, random.draws()).set();
        for (long seed = 10; seed < 15; seed++) {
            SetTargets other = new StepTargets(random(seed, "default", 4).model).labelled(batch, random.draws()).set();
            assertEquals(first.rowClass(), other.rowClass());
            assertEquals(first.slots(), other.slots());
            assertEquals(first.norms(), other.norms());
        }
        INDArray moved = batch.labels().dup('c');
        moved.get(NDArrayIndex.point(0)).assign(1);
        assertNotEquals(first.rowClass(), new StepTargets(random.model)
            .labelled(new LabelledBatch(batch.images(), moved, batch.names()), random.draws()).set().rowClass());
    }

    @Test
    void imagesWithoutLabelsGiveNoLossAndFiniteGradients() {
        RandomStep random = random(11, "default", 2, "train.method=supervised", "model.gate_mode=gt");
        Batches.Step batch = random.batch(2, 0);
        batch.labelled().labels().assign(RandomStep.IGNORE);
        Outcome empty = Outcome.of(random, batch, random.draws());
        for (String term : List.of("ce", "set_class", "set_mask", "set_dice", "gate", "total")) {
            assertEquals(0.0, empty.log.get(term), term);
        }
        empty.gradients.forEach((name, g) -> assertEquals(0.0, g.amaxNumber().doubleValue(), name));
    }

    @Test
    void nothingConfidentOrNothingButPaddingGivesNoLossAndFiniteGradients() {
        RandomStep random = random(12, "default", 2, "loss.threshold=1");
        Batches.Step batch = random.batch(2, 2);
        Outcome unsure = Outcome.of(random, batch, random.draws());
        for (String view : List.of("s1", "s2", "fp")) {
            for (String term : List.of("self_", "set_class_", "set_mask_", "set_dice_")) {
                assertEquals(0.0, unsure.log.get(term + view), term + view);
            }
        }
        assertEquals(0.0, unsure.log.get("mask_ratio"));
        assertNotEquals(0.0, unsure.log.get("entropy_s1"));
        unsure.gradients.forEach((name, g) -> assertTrue(Double.isFinite(g.sumNumber().doubleValue()), name));
        RandomStep other = random(12, "default", 2, "loss.confidence=pixelavg");
        batch.unlabelled().valid().assign(0);
        Outcome padding = Outcome.of(other, batch, random.draws());
        for (String term : List.of("self_s1", "set_class_s1", "set_mask_s1", "guidance_s1", "entropy_s1", "self_fp", "guidance_fp")) {
            assertEquals(0.0, padding.log.get(term), term);
        }
        padding.gradients.forEach((name, g) -> assertTrue(Double.isFinite(g.sumNumber().doubleValue()), name));
    }

    /** Padding of unlabelled images and ignored labels: what is drawn there changes no gradient of the pixel losses. */
    @Test
    void labelsUnderPaddingDoNotMatter() {
        RandomStep random = random(13, "default", 2);
        UnlabelledBatch u = random.unlabelled(2, null);
        INDArray confidence = Nd4j.ones(DataType.DOUBLE, 2, 32, 32);
        INDArray none = Nd4j.valueArrayOf(confidence.shape(), 255.0, DataType.DOUBLE);
        INDArray labels = random.labels(2);
        INDArray changed = labels.mul(u.valid()).add(u.valid().rsub(1).mul(3));
        Outcome[] outcomes = new Outcome[2];
        for (int i = 0; i < 2; i++) {
            GradientSum gradients = new GradientSum(Backends.host());
            new TextGraph(random.model).forward();
            Believed believed = new Believed(i == 0 ? labels : changed, confidence, u.valid(), none);
            Feed<ViewTargets> feed = Feed.of(new StepTargets(random.model).view(View.FP, u.weak(), believed, random.draws()));
            Map<String, Double> log = RandomStep.run(LossGraph.of(random.model, feed, 0, 2, new Networks(random.model).perturbed(false),
                random.model.terms().on(UnlabelledScene.class, View.FP)), feed, Map.of("self", 1.0), gradients);
            Map<String, INDArray> copies = new LinkedHashMap<>();
            gradients.sums().forEach((name, g) -> copies.put(name, g.dup('c')));
            outcomes[i] = new Outcome(log, copies);
        }
        outcomes[0].requireEqual(outcomes[1], 0);
    }

    @Test
    void theLiteralRecipeHasNoTermThatThePaperDoesNotState() {
        // section 3.5: BCE on labelled masks, entropy, self-training; equations 2 to 7; "all the loss functions from SemiVL":
        // pixel cross-entropy, self-training on two strong views and under feature perturbation, guidance; figure 1: fixed matching
        Set<String> stated =
            Set.of("ce", "set_class", "set_mask", "set_dice", "set_empty", "qt", "self_s1", "self_s2", "self_fp", "guidance_s1",
                "guidance_s2", "guidance_fp", "entropy_s1", "entropy_s2", "qt_s1", "qt_s2", "mask", "pt", "topo", "anchor");
        var literal = Recipes.load("literal", List.of());
        Terms c = Terms.of(literal);
        Set<String> used = new TreeSet<>();
        for (double progress : new double[] {0, 0.05, 0.5, 1}) {
            used.addAll(c.weights(progress).keySet());
        }
        assertEquals(new TreeSet<>(stated), used);
        // and the step computes nothing else
        RandomStep random = new RandomStep(DataType.DOUBLE, 14, 4, "literal");
        Outcome o = Outcome.of(random, random.batch(2, 2), random.draws());
        Set<String> logged = new TreeSet<>(o.log.keySet());
        logged.removeAll(Set.of("total", "mask_ratio"));
        assertEquals(used, logged);
        // the default adds the gate's BCE to these
        assertTrue(Terms.of(Recipes.defaults()).weights(0).containsKey("gate"));
    }

    @Test
    void aTermThatIsNotFiniteStopsBeforeTheWeightsAndNamesTermAndImages() {
        RandomStep random = new RandomStep(DataType.FLOAT, 15, 4, "default", "train.micro_batch=1");
        Map<String, INDArray> before = new LinkedHashMap<>();
        random.model.store().all().forEach(p -> before.put(p.name(), p.array().dup('c')));
        Batches.Step batch = random.batch(2, 2);
        batch.labelled().images().putScalar(new long[] {1, 0, 3, 3}, Float.NaN);
        HierVlException e = assertThrows(HierVlException.class, () -> random.step().run(batch));
        assertEquals(HierVlException.Kind.DIVERGED, e.kind());
        assertTrue(e.getMessage().contains("ce is NaN") && e.getMessage().contains("labelled1") && !e.getMessage().contains("labelled0"),
            e.getMessage());
        Batches.Step other = random.batch(2, 2);
        other.unlabelled().strong2().putScalar(new long[] {0, 2, 9, 9}, Float.POSITIVE_INFINITY);
        HierVlException f = assertThrows(HierVlException.class, () -> random.step().run(other));
        assertTrue(f.getMessage().contains("_s2 is NaN") && f.getMessage().contains("unlabelled"), f.getMessage());
        random.model.store().all().forEach(p -> assertEquals(before.get(p.name()), p.array(), p.name()));
        // without the defect the same step works
        random.step().run(random.batch(2, 2));
        assertNotEquals(before.get("hsqg.mlp.0.0.weight"), random.model.store().get("hsqg.mlp.0.0.weight").array());
    }
}
