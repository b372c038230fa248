package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.data.Batches;
import io.hiervl.loss.Input;
import io.hiervl.loss.LabelledScene;
import io.hiervl.loss.LabelledTargets;
import io.hiervl.loss.Term;
import io.hiervl.loss.UnlabelledScene;
import io.hiervl.loss.View;
import io.hiervl.loss.ViewTargets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A term that the program does not know takes part in everything once it is registered. */
class NewTermTest {
    private static final int STEPS = 100;

    /** Sum of w z, with w = 1 / images of the batch: a term with a weight that grows and an input of its own. */
    private record Mean(double largest) implements Term<LabelledScene> {
        private static final Input<LabelledTargets> WEIGHTS = Input.perImage("toy_weights",
            t -> Nd4j.valueArrayOf(new long[] {t.images().size(0), 4, 32, 32}, 1.0 / t.images().size(0), t.type()));

        @Override
        public String name() {
            return "toy";
        }

        @Override
        public Class<LabelledScene> scene() {
            return LabelledScene.class;
        }

        @Override
        public double weight(View view, double progress) {
            return largest * progress;
        }

        @Override
        public SDVariable build(LabelledScene scene) {
            return scene.ops().sum(scene.ops().mul(scene.z(), scene.in(WEIGHTS)));
        }
    }

    /** The sum of confidences times scores of class 0 on the first strong view alone. */
    private record OneView() implements Term<UnlabelledScene> {
        private static final Input<ViewTargets> CONFIDENCE =
            Input.perImage("toy_confidence", t -> t.believed().confidence().reshape(2, 1, 32, 32));

        @Override
        public String name() {
            return "one";
        }

        @Override
        public Class<UnlabelledScene> scene() {
            return UnlabelledScene.class;
        }

        @Override
        public double weight(View view, double progress) {
            return view == View.S1 ? 0.5 : 0;
        }

        @Override
        public SDVariable build(UnlabelledScene scene) {
            return scene.ops().sum(scene.ops().mul(scene.ops().slice(scene.z(), 1, 0, 1), scene.in(CONFIDENCE)));
        }
    }

    private record Outcome(Map<String, Double> log, Map<String, INDArray> gradients) {
        static Outcome of(TrainingModel model, Batches.Step batch, Draws draws) {
            TrainingStep step = new TrainingStep(model, STEPS);
            Map<String, Double> log = step.accumulate(batch, draws).log();
            Map<String, INDArray> copies = new LinkedHashMap<>();
            step.gradients().forEach((name, g) -> copies.put(name, g.dup('c')));
            return new Outcome(log, copies);
        }

        private double difference(Outcome other, String name) {
            return gradients.get(name).sub(other.gradients.get(name)).amaxNumber().doubleValue();
        }
    }

    private static RandomStep random(int microBatch) {
        return new RandomStep(DataType.DOUBLE, 31, 4, "default", "train.micro_batch=" + microBatch);
    }

    @Test
    void isWeightedLoggedAndDifferentiated() {
        RandomStep random = random(2);
        // step 60 of 100
        Batches.Step batch = random.batch(2, 2);
        Outcome plain = Outcome.of(random.model, batch, random.draws());
        Outcome more = Outcome.of(random.model.with(new Mean(0.2)).with(new OneView()), batch, random.draws());
        assertFalse(plain.log.containsKey("toy"));
        assertNotEquals(0, more.log.get("toy"), 1e-3);
        assertTrue(more.log.containsKey("one_s1") && !more.log.containsKey("one_s2") && !more.log.containsKey("one_fp"),
            more.log.toString());
        assertEquals(plain.log.get("total") + 0.2 * 0.6 * more.log.get("toy") + 0.5 * more.log.get("one_s1"), more.log.get("total"), 1e-9);
        plain.log.forEach((name, value) -> assertTrue(name.equals("total") || value.equals(more.log.get(name)), name));
        assertEquals(0.2 * 0.6, random.model.with(new Mean(0.2)).terms().weights(0.6).get("toy"), 1e-15);
        assertTrue(random.model.with(new Mean(0.2)).terms().headlines().contains("toy"));
        // a step down the class head changes the term as its gradient says: the weighted sum of both is differentiated
        String name = "query_decoder.class_head.weight";
        INDArray parameter = random.model.store().get(name).array();
        INDArray before = parameter.dup('c');
        INDArray direction = more.gradients.get(name).sub(plain.gradients.get(name));
        double slope = direction.mul(direction).sumNumber().doubleValue();
        assertTrue(slope > 0);
        double h = 1e-5 / Math.sqrt(slope);
        double[] values = new double[2];
        for (int i = 0; i < 2; i++) {
            parameter.assign(before.add(direction.mul(i == 0 ? h : -h)));
            // labels of the weak view move, too: the second term's target is held by taking the first term alone
            Map<String, Double> log = Outcome.of(random.model.with(new Mean(0.2)), batch, random.draws()).log;
            values[i] = 0.2 * 0.6 * log.get("toy");
        }
        parameter.assign(before);
        INDArray own =
            Outcome.of(random.model.with(new Mean(0.2)), batch, random.draws()).gradients.get(name).sub(plain.gradients.get(name));
        assertEquals(own.mul(direction).sumNumber().doubleValue(), (values[0] - values[1]) / (2 * h), 1e-5 * slope);
    }

    @Test
    void addsUpOverMicroBatches() {
        RandomStep whole = random(3);
        Batches.Step batch = whole.batch(3, 2);
        Outcome one = Outcome.of(whole.model.with(new Mean(1)).with(new OneView()), batch, whole.draws());
        // CONFIDENCE has the shape of two images: a part of one image is cut from it
        Outcome parts = Outcome.of(random(1).model.with(new Mean(1)).with(new OneView()), batch, whole.draws());
        for (String term : List.of("toy", "one_s1", "total")) {
            assertEquals(one.log.get(term), parts.log.get(term), 1e-9 * Math.abs(one.log.get(term)), term);
        }
        List<String> names = new ArrayList<>(one.gradients.keySet());
        double largest = names.stream().mapToDouble(n -> one.gradients.get(n).amaxNumber().doubleValue()).max().orElseThrow();
        names.forEach(n -> assertEquals(0, one.difference(parts, n), 1e-9 * largest, n));
    }

    @Test
    void withoutAWeightIsNotComputed() {
        RandomStep random = random(2);
        Outcome none = Outcome.of(random.model.with(new Mean(0)), random.batch(2, 0), random.draws());
        assertFalse(none.log.containsKey("toy"));
    }

    /** Two inputs of one name would feed each other's values. */
    @Test
    void namesOfInputsAreUnique() {
        Term<LabelledScene> twin = new Term<>() {
            private final Input<LabelledTargets> images = Input.perImage("images", LabelledTargets::labels);

            @Override
            public String name() {
                return "twin";
            }

            @Override
            public Class<LabelledScene> scene() {
                return LabelledScene.class;
            }

            @Override
            public double weight(View view, double progress) {
                return 1;
            }

            @Override
            public SDVariable build(LabelledScene scene) {
                return scene.ops().sum(scene.in(images));
            }
        };
        RandomStep random = random(2);
        Batches.Step batch = random.batch(2, 0);
        TrainingStep step = new TrainingStep(random.model.with(twin), STEPS);
        Exception e = assertThrows(IllegalArgumentException.class, () -> step.accumulate(batch, random.draws()));
        assertEquals("two inputs of a graph are called images", e.getMessage());
    }
}
