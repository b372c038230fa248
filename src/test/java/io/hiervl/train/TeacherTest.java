package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.backend.choice.Backends;
import io.hiervl.config.Recipes;
import io.hiervl.data.Batches;
import io.hiervl.graph.StepArrays;
import io.hiervl.loss.Believed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

/** Labels of unlabelled images by the average of the weights. */
class TeacherTest {
    private static final String[] TEACHER = {"train.ema=true", "train.ema_teacher=true"};

    private static RandomStep random(String... more) {
        List<String> settings = new ArrayList<>(List.of("train.lr=0.01", "train.new_multiplier=1", "loss.threshold=0.95"));
        settings.addAll(List.of(more));
        return new RandomStep(DataType.DOUBLE, 3, 4, "default", settings.toArray(new String[0]));
    }

    @Test
    void anAverageWithoutMemoryIsTheNetworkItself() {
        RandomStep own = random();
        Batches.Step batch = own.batch(2, 2);
        TrainingStep alone = own.step();
        TrainingStep taught = random(TEACHER[0], TEACHER[1], "train.ema_decay=0").step();
        List<Double> sure = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Map<String, Double> expected = alone.run(batch);
            Map<String, Double> found = taught.run(batch);
            assertEquals(expected.keySet(), found.keySet());
            expected.forEach((name, v) -> assertEquals(v, found.get(name), 1e-9 * Math.max(1, Math.abs(v)), name));
            sure.add(expected.get("mask_ratio"));
        }
        assertTrue(sure.stream().distinct().count() > 1, "the labels do not depend on the weights: " + sure);
    }

    @Test
    void labelsComeFromTheAverage() {
        RandomStep random = random(TEACHER[0], TEACHER[1], "train.ema_decay=0.9");
        Batches.Step batch = random.batch(2, 2);
        TrainingStep step = random.step();
        step.run(batch);
        step.run(batch);
        RandomStep average = random();
        step.state().forEach((name, a) -> {
            if (name.startsWith("e/")) {
                average.model.store().assign(name.substring(2), a);
            }
        });
        double ofAverage = sure(average, batch);
        RandomStep student = random();
        random.model.store().all().forEach(p -> student.model.store().assign(p.name(), p.array()));
        double ofStudent = sure(student, batch);
        double found = step.run(batch).get("mask_ratio");
        assertEquals(ofAverage, found, 1e-12);
        assertNotEquals(ofStudent, found, 1e-12);
    }

    /** Share of the valid pixels of which a network is sure. */
    private static double sure(RandomStep random, Batches.Step batch) {
        TrainingModel m = random.model;
        new TextGraph(m).forward();
        Believed b = new Beliefs(m, new FrozenGraph(m), new MicroBatches(4, Backends.compute())).of(batch.unlabelled(), 0.6,
            new StepArrays(Backends.host()));
        double threshold = m.recipe().loss().consistency().threshold();
        double valid = b.valid().sumNumber().doubleValue();
        return b.confidence().gte(threshold).castTo(DataType.DOUBLE).muli(b.valid()).sumNumber().doubleValue() / valid;
    }

    @Test
    void aTeacherNeedsAnAverage() {
        HierVlException e = assertThrows(HierVlException.class, () -> Recipes.load("tiny", List.of("train.ema_teacher=true")));
        assertEquals(HierVlException.Kind.DATA, e.kind());
        assertTrue(e.getMessage().contains("train.ema_teacher is true, but train.ema is false"), e.getMessage());
    }
}
