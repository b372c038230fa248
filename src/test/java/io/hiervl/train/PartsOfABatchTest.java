package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.data.Batches;
import io.hiervl.data.CutMix;
import io.hiervl.data.LabelledBatch;
import io.hiervl.data.Share;
import io.hiervl.data.UnlabelledBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** A batch that is cut over several machines gives the terms, gradients and weights of the undivided one. */
class PartsOfABatchTest {
    private static final String[] EVERYTHING = {"loss.qt_on_unlabelled=true", "loss.pt_unmasked=0.2", "loss.mask_background=true"};

    private record Outcome(Map<String, Double> log, Map<String, INDArray> gradients, Map<String, INDArray> weights) {
    }

    private static RandomStep random(long seed, String recipe, String... more) {
        List<String> all = new ArrayList<>(List.of(EVERYTHING));
        all.add("train.micro_batch=4");
        all.addAll(List.of(more));
        return new RandomStep(DataType.DOUBLE, seed, 4, recipe, all.toArray(new String[0]));
    }

    private static Outcome run(RandomStep random, Batches.Step batch, AllReduce others) {
        TrainingStep step = new TrainingStep(random.model, 100, others);
        Map<String, Double> log = step.run(batch);
        Map<String, INDArray> gradients = new LinkedHashMap<>();
        step.gradients().forEach((name, g) -> gradients.put(name, g.dup('c')));
        return new Outcome(log, gradients, weights(random));
    }

    /** Images without label, without valid pixel and with different padding make the denominators of the parts differ. */
    @ParameterizedTest
    @CsvSource({"1,default,loss.confidence=pixelwise,4,2", "2,default,loss.confidence=pixelavg,4,2", "3,literal,loss.deep_sup=sum,4,2",
        "4,default,loss.self_train_set=true,4,2", "5,default,loss.unlabelled_stride=four,6,2", "6,default,loss.ohem=0.5,2,2",
        "7,default,train.method=supervised,3,3", "8,default,train.method=unimatch,6,3"})
    void partsAddUpToTheUndividedStep(long seed, String recipe, String setting, int images, int parts) throws Exception {
        Batches.Step batch = random(seed, recipe, setting).batch(images, images);
        batch.labelled().labels().get(NDArrayIndex.point(1)).assign(RandomStep.IGNORE);
        Outcome whole = run(random(seed, recipe, setting), batch, AllReduce.ALONE);
        List<RandomStep> models = new ArrayList<>();
        for (int p = 0; p < parts; p++) {
            models.add(random(seed, recipe, setting));
        }
        List<Outcome> made = Together.run(parts, others -> run(models.get(others.part()), part(batch, others), others));
        for (Outcome part : made) {
            assertEquals(whole.log.keySet(), part.log.keySet());
            whole.log.forEach((name, v) -> assertEquals(v, part.log.get(name), 1e-9 * Math.max(1, Math.abs(v)), name));
            requireEqual(whole.gradients, part.gradients);
            requireEqual(whole.weights, part.weights);
        }
        for (Outcome part : made) {
            part.weights.forEach((name, w) -> assertEquals(made.get(0).weights.get(name), w, name + " differs between the parts"));
        }
    }

    /** Adam divides a gradient by its own size, so that differences of gradients would grow from step to step. */
    @Test
    void weightsAreTheSameAfterFiveSteps() throws Exception {
        List<Batches.Step> batches = new ArrayList<>();
        RandomStep source = random(9, "default");
        for (int i = 0; i < 5; i++) {
            Batches.Step b = source.batch(2, 4);
            batches.add(new Batches.Step(i, b.labelled(), b.unlabelled()));
        }
        RandomStep whole = random(9, "default");
        Map<String, INDArray> before = weights(whole);
        TrainingStep alone = new TrainingStep(whole.model, 100);
        batches.forEach(alone::run);
        List<RandomStep> models = List.of(random(9, "default"), random(9, "default"));
        Together.run(2, others -> {
            TrainingStep step = new TrainingStep(models.get(others.part()).model, 100, others);
            batches.forEach(b -> step.run(part(b, others)));
            return null;
        });
        Map<String, INDArray> expected = weights(whole);
        assertTrue(distance(before, expected) > 1e-4, "five steps move the weights");
        assertEquals(0, distance(expected, weights(models.get(0))), 1e-6);
        assertEquals(0, distance(weights(models.get(1)), weights(models.get(0))));
    }

    private static Map<String, INDArray> weights(RandomStep random) {
        Map<String, INDArray> weights = new LinkedHashMap<>();
        random.model.trainable().forEach(name -> weights.put(name, random.model.store().get(name).array().dup('c')));
        return weights;
    }

    /** Largest difference of a value, as a part of the largest value of its parameter. */
    private static double distance(Map<String, INDArray> a, Map<String, INDArray> b) {
        return a.keySet().stream().mapToDouble(n -> a.get(n).sub(b.get(n)).amaxNumber().doubleValue()
            / Math.max(1e-3, a.get(n).amaxNumber().doubleValue())).max().orElseThrow();
    }

    private static void requireEqual(Map<String, INDArray> expected, Map<String, INDArray> found) {
        double largest = expected.values().stream().mapToDouble(a -> a.amaxNumber().doubleValue()).max().orElseThrow();
        assertTrue(largest > 0);
        expected.forEach((name, a) -> assertEquals(0, a.sub(found.get(name)).amaxNumber().doubleValue(), 1e-9 * largest, name));
    }

    /** The images of a part, as {@link Batches} makes them. */
    private static Batches.Step part(Batches.Step whole, AllReduce others) {
        Share share = new Share(others.part(), others.parts());
        LabelledBatch l = whole.labelled();
        int[] own = share.places(l.names().size());
        UnlabelledBatch u = whole.unlabelled();
        int n = u.names().size();
        int[] places = share.places(n);
        UnlabelledBatch partner = places.length % 2 == 0 ? null : take(u, partners(places, n), null);
        return new Batches.Step(whole.step(), new LabelledBatch(take(l.images(), own), take(l.labels(), own), take(l.names(), own)),
            take(u, places, partner));
    }

    private static int[] partners(int[] places, int n) {
        int[] partners = new int[places.length];
        for (int i = 0; i < places.length; i++) {
            // a part of an odd size is rolled by one; the whole is flipped if it is even
            partners[(i + places.length - 1) % places.length] = n % 2 == 0 ? n - 1 - places[i] : (places[i] + n - 1) % n;
        }
        return partners;
    }

    private static UnlabelledBatch take(UnlabelledBatch u, int[] places, UnlabelledBatch partner) {
        List<CutMix.Box> boxes1 = take(u.boxes1(), places);
        return new UnlabelledBatch(take(u.weak(), places), take(u.strong1(), places), take(u.strong2(), places), take(u.valid(), places),
            boxes1, take(u.boxes2(), places), take(u.names(), places), null, partner);
    }

    private static <T> List<T> take(List<T> all, int[] places) {
        return Arrays.stream(places).mapToObj(all::get).toList();
    }

    private static INDArray take(INDArray a, int[] places) {
        long[] shape = a.shape().clone();
        shape[0] = places.length;
        INDArray result = Nd4j.create(a.dataType(), shape);
        for (int i = 0; i < places.length; i++) {
            result.get(NDArrayIndex.point(i)).assign(a.get(NDArrayIndex.point(places[i])));
        }
        return result;
    }
}
