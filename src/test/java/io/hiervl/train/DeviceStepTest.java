package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.cuda.Emulator;
import io.hiervl.data.Batches;
import io.hiervl.graph.HostStaging;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

/** Whole optimiser steps with graphs on the emulated GPU beside the same steps on the host. */
@Tag("cuda")
class DeviceStepTest {
    /** Ops that are computed on the host, see docs/cuda.md. */
    private static final Set<String> STAGED = Set.of("hiervl_fixed_matching");

    @BeforeAll
    static void load() {
        Emulator.backend();
    }

    private static RandomStep network() {
        // with other thresholds rounding would decide whether a pixel counts
        return new RandomStep(DataType.FLOAT, 5, 4, "default", "model.precision=fp32", "loss.sample_points=256", "train.lr=0.003",
            "loss.threshold=0",
            "loss.guidance_threshold=0");
    }

    private static List<Map<String, Double>> steps() {
        RandomStep random = network();
        Batches.Step batch = random.batch(2, 2);
        TrainingStep step = random.step();
        List<Map<String, Double>> log = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            log.add(step.run(batch));
        }
        return log;
    }

    @Test
    void stepsOnTheDeviceAreThoseOfTheHost() {
        List<Map<String, Double>> expected = steps();
        List<Map<String, Double>> actual = new ArrayList<>();
        HostStaging.take();
        Backends.during(Emulator.backend(), () -> actual.addAll(steps()));
        assertEquals(STAGED, HostStaging.take().keySet(), "ops that were computed on the host");
        double[] tolerance = {2e-5, 2e-3};
        for (int i = 0; i < 2; i++) {
            assertEquals(expected.get(i).keySet(), actual.get(i).keySet());
            for (String term : expected.get(i).keySet()) {
                double e = expected.get(i).get(term);
                assertEquals(e, actual.get(i).get(term), tolerance[i] * Math.max(1, Math.abs(e)), term + " of step " + i);
            }
        }
        // the second step saw the updated parameters: the update changes the total far more than rounding does
        double change = Math.abs(expected.get(1).get("total") - expected.get(0).get("total"));
        assertTrue(change > 10 * tolerance[1] * Math.abs(expected.get(0).get("total")), "the total changed by " + change);
    }

    @Test
    void parametersAreCopiedOnceForAllGraphs() {
        Backends.during(Emulator.backend(), () -> {
            RandomStep random = network();
            Batches.Step batch = random.batch(1, 1);
            TrainingStep step = random.step();
            long parameters = 4 * random.model.store().size();
            long first = uploaded(() -> step.accumulate(batch, random.draws()));
            long second = uploaded(() -> step.accumulate(batch, random.draws()));
            assertTrue(first - second > 0.9 * parameters, first + " bytes, then " + second + "; parameters have " + parameters);
            assertTrue(first - second <= parameters, first + " bytes, then " + second + "; parameters have " + parameters);
        });
    }

    private static long uploaded(Runnable task) {
        long before = Emulator.counters()[3];
        task.run();
        return Emulator.counters()[3] - before;
    }
}
