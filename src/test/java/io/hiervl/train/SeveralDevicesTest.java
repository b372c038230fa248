package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.backend.Backend;
import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.cuda.Emulator;
import io.hiervl.data.Batches;
import io.hiervl.data.LabelledBatch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Two emulated GPUs make the same steps as one with the same batches. */
@Tag("cuda")
class SeveralDevicesTest {
    private static List<Backend> devices;

    @AfterAll
    static void forget() {
        System.clearProperty("hiervl.cuda.nccl");
    }

    @BeforeAll
    static void open() {
        System.setProperty("hiervl.cuda.nccl", "none");
        devices = Emulator.several(2);
    }

    private static RandomStep network() {
        return new RandomStep(DataType.FLOAT, 5, 4, "default", "model.precision=fp32", "loss.sample_points=256", "train.lr=0.003",
            "loss.threshold=0", "loss.guidance_threshold=0", "train.ema=true");
    }

    private static TrainingModel on(Backend backend) {
        List<TrainingModel> made = new ArrayList<>();
        Backends.during(backend, () -> made.add(network().model));
        return made.get(0);
    }

    private static Map<String, INDArray> weights(TrainingModel model, StepRunner step) {
        step.textToSave();
        Map<String, INDArray> all = new LinkedHashMap<>();
        model.trainable().forEach(name -> all.put(name, model.store().get(name).array().dup('c')));
        return all;
    }

    /** With sums by the emulated NCCL, and through the host. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void stepsOfTwoAreThoseOfOne(boolean nccl) {
        System.setProperty("hiervl.cuda.nccl", nccl ? Emulator.library() : "none");
        Batches.Step batch = network().batch(4, 4);
        TrainingModel alone = on(devices.get(0));
        List<TrainingModel> models = devices.stream().map(SeveralDevicesTest::on).toList();
        double[] tolerance = {2e-5, 2e-3};
        try (TrainingStep one = new TrainingStep(alone, 100); StepGroup two = new StepGroup(models, 100)) {
            for (double t : tolerance) {
                Map<String, Double> expected = one.run(batch);
                Map<String, Double> found = two.run(batch);
                assertEquals(expected.keySet(), found.keySet());
                expected.forEach((name, v) -> assertEquals(v, found.get(name), t * Math.max(1, Math.abs(v)), name));
            }
            // the second step saw the update
            Map<String, INDArray> whole = weights(alone, one);
            Map<String, INDArray> first = weights(models.get(0), two);
            double distance = whole.keySet().stream().mapToDouble(n -> whole.get(n).sub(first.get(n)).norm2Number().doubleValue()).sum();
            double size = whole.values().stream().mapToDouble(a -> a.norm2Number().doubleValue()).sum();
            assertTrue(distance < 1e-3 * size, distance + " of " + size);
        }
        // both have the same weights to the last bit, once the second has given them to its host
        models.get(0).trainable().forEach(name -> assertEquals(models.get(0).store().get(name).array(),
            models.get(1).store().get(name).array(), name));
    }

    /** A device that fails lets the others end instead of waiting for it. */
    @Test
    void oneThatFailsEndsTheStep() {
        Batches.Step batch = network().batch(2, 2);
        INDArray images = batch.labelled().images().dup('c');
        images.putScalar(images.length() - 1, Float.NaN);
        Batches.Step broken = new Batches.Step(0, new LabelledBatch(images, batch.labelled().labels(), List.of("good", "broken.jpg")),
            batch.unlabelled());
        try (StepGroup two = new StepGroup(devices.stream().map(SeveralDevicesTest::on).toList(), 100)) {
            HierVlException e = assertThrows(HierVlException.class, () -> two.run(broken));
            assertEquals(HierVlException.Kind.DIVERGED, e.kind());
        }
    }
}
