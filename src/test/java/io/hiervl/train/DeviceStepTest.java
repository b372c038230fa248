package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.backend.Traffic;
import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.cuda.Emulator;
import io.hiervl.data.Batches;
import io.hiervl.data.LabelledBatch;
import io.hiervl.graph.HostStaging;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Whole optimiser steps with graphs on the emulated GPU beside the same steps on the host. */
@Tag("cuda")
class DeviceStepTest {
    /** Ops that are computed on the host, see docs/cuda.md. */
    private static final Set<String> STAGED = Set.of("hiervl_fixed_matching");

    @BeforeAll
    static void load() {
        Emulator.backend();
    }

    private static RandomStep network(String... more) {
        // with other thresholds rounding would decide whether a pixel counts
        List<String> settings = new ArrayList<>(List.of("model.precision=fp32", "loss.sample_points=256", "train.lr=0.003",
            "loss.threshold=0", "loss.guidance_threshold=0"));
        settings.addAll(List.of(more));
        return new RandomStep(DataType.FLOAT, 5, 4, "default", settings.toArray(new String[0]));
    }

    private static List<Map<String, Double>> steps(String... settings) {
        RandomStep random = network(settings);
        Batches.Step batch = random.batch(2, 2);
        TrainingStep step = random.step();
        List<Map<String, Double>> log = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            log.add(step.run(batch));
        }
        return log;
    }

    @ParameterizedTest
    @ValueSource(strings = {"train.ema=false", "train.ema=true train.ema_teacher=true train.ema_decay=0.9"})
    void stepsOnTheDeviceAreThoseOfTheHost(String settings) {
        List<Map<String, Double>> expected = steps(settings.split(" "));
        List<Map<String, Double>> actual = new ArrayList<>();
        HostStaging.take();
        Backends.during(Emulator.backend(), () -> actual.addAll(steps(settings.split(" "))));
        Set<String> staged = new TreeSet<>(HostStaging.take().keySet());
        staged.removeAll(STAGED);
        staged.removeIf(op -> !op.startsWith("hiervl_"));
        assertEquals(Set.of(), staged, "ops that were computed on the host");
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

    /** Weights of the host and the state of the optimiser after some steps, as a checkpoint has them. */
    private static Map<String, INDArray> saved(RandomStep random, TrainingStep step) {
        Map<String, INDArray> all = new LinkedHashMap<>();
        all.put("t", step.textToSave());
        step.toHost();
        random.model.trainable().forEach(name -> all.put(name, random.model.store().get(name).array().dup('c')));
        step.state().forEach((name, array) -> all.put(name, array.dup('c')));
        return all;
    }

    private static void requireEqual(Map<String, INDArray> expected, Map<String, INDArray> actual) {
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((name, array) -> assertEquals(0, array.sub(actual.get(name)).amaxNumber().doubleValue(), 0.0, name));
    }

    /** Without language no op is left to the host: a step waits once, for one copy of all that it has found. */
    @Test
    void aStepWaitsOnce() {
        Backends.during(Emulator.backend(), () -> {
            RandomStep random = network("train.method=unimatch", "loss.gate=0", "train.ema=true", "train.micro_batch=4");
            Batches.Step batch = random.batch(4, 4);
            TrainingStep step = random.step();
            Traffic whole = quietest(step, batch);
            assertEquals(Map.of(), HostStaging.take(), step.report());
            assertEquals(1, whole.waits(), step.report());
            assertEquals(1, whole.downloads(), step.report());
            long images = 4 * (batch.labelled().images().length() + 3 * batch.unlabelled().weak().length());
            assertTrue(whole.uploadedBytes() < 2 * images, step.report() + "; images have " + images + " bytes");
            // parts of a batch share the copies of it; constants of the graphs are copied for each part
            RandomStep parts = network("train.method=unimatch", "loss.gate=0", "train.ema=true", "train.micro_batch=2");
            TrainingStep other = parts.step();
            Traffic divided = quietest(other, batch);
            assertTrue(divided.uploadedBytes() < whole.uploadedBytes() + images / 2, other.report() + "; " + step.report());
            assertEquals(Map.of(), HostStaging.take(), other.report());
            assertEquals(1, divided.waits(), other.report());
        });
    }

    /** Of three steps after the first, the one with the fewest waits: the device also counts what threads of other tests still do. */
    private static Traffic quietest(TrainingStep step, Batches.Step batch) {
        step.run(batch);
        Traffic least = null;
        for (int i = 0; i < 3; i++) {
            step.run(batch);
            Traffic now = step.traffic();
            least = least == null || now.waits() < least.waits() ? now : least;
        }
        return least;
    }

    /** What a checkpoint has of a run on the device lets it go on there to the last bit, and on the host. */
    @Test
    void aRunGoesOnFromItsState() {
        String[] settings = {"train.ema=true", "train.deterministic=true", "train.method=unimatch"};
        Backends.during(Emulator.backend(), () -> {
            RandomStep whole = network(settings);
            Batches.Step batch = whole.batch(2, 2);
            TrainingStep step = whole.step();
            step.run(batch);
            Map<String, INDArray> state = saved(whole, step);
            step.run(batch);
            RandomStep again = network(settings);
            TrainingStep resumed = load(again, state);
            resumed.run(batch);
            requireEqual(saved(whole, step), saved(again, resumed));
            Backends.during(Backends.java(), () -> {
                RandomStep there = network(settings);
                TrainingStep onHost = load(there, state);
                onHost.run(batch);
                Map<String, INDArray> expected = saved(there, onHost);
                saved(whole, step).forEach((name, array) -> assertEquals(0, array.sub(expected.get(name)).amaxNumber().doubleValue(),
                    2e-3 * Math.max(1, array.amaxNumber().doubleValue()), name));
            });
        });
    }

    private static TrainingStep load(RandomStep random, Map<String, INDArray> state) {
        TrainingStep step = random.step();
        random.model.trainable().forEach(name -> random.model.store().assign(name, state.get(name)));
        step.load(state);
        return step;
    }

    /** With train.deterministic the order of threads changes nothing. */
    @Test
    void aDeterministicRunRepeats() {
        Backends.during(Emulator.backend(), () -> {
            Map<String, INDArray> first = null;
            Batches.Step batch = network().batch(1, 1);
            for (int order : Emulator.ORDERS) {
                Emulator.order(order);
                RandomStep random = network("train.deterministic=true");
                TrainingStep step = random.step();
                step.run(batch);
                Map<String, INDArray> found = saved(random, step);
                if (first != null) {
                    requireEqual(first, found);
                }
                first = found;
            }
            Emulator.order(0);
        });
    }

    /** Nothing reaches weights or moments if a term or gradient is not finite. */
    @Test
    void divergenceLeavesTheWeights() {
        Backends.during(Emulator.backend(), () -> {
            RandomStep random = network("train.method=unimatch");
            Batches.Step batch = random.batch(1, 1);
            TrainingStep step = random.step();
            step.run(batch);
            Map<String, INDArray> before = saved(random, step);
            INDArray images = batch.labelled().images().dup('c');
            images.putScalar(5, Float.NaN);
            Batches.Step broken = new Batches.Step(61, new LabelledBatch(images, batch.labelled().labels(), List.of("broken.jpg")),
                batch.unlabelled());
            HierVlException e = assertThrows(HierVlException.class, () -> step.run(broken));
            assertEquals(HierVlException.Kind.DIVERGED, e.kind());
            assertTrue(e.getMessage().contains("step 61") && e.getMessage().contains("broken.jpg"), e.getMessage());
            requireEqual(before, saved(random, step));
        });
    }

    /** Memory that is missing on the way changes nothing that is kept. */
    @Test
    void outOfMemoryLeavesTheWeights() {
        Backends.during(Emulator.backend(), () -> {
            RandomStep random = network("train.method=unimatch", "train.micro_batch=4");
            TrainingStep step = random.step();
            step.run(random.batch(1, 1));
            Map<String, INDArray> before = saved(random, step);
            HierVlException e;
            try {
                Emulator.pretend("memory", 1);
                e = assertThrows(HierVlException.class, () -> step.run(random.batch(4, 4)));
            } finally {
                Emulator.pretend("memory", 0);
            }
            assertEquals(HierVlException.Kind.ENVIRONMENT, e.kind());
            for (String part : List.of("train.micro_batch", "train.crop", "model.recompute=true")) {
                assertTrue(e.getMessage().contains(part), e.getMessage());
            }
            requireEqual(before, saved(random, step));
        });
    }

    /** The plan is compared with the device's memory before the first step; what runs out later says what to lower. */
    @Test
    void memory() {
        Backends.during(Emulator.backend(), () -> {
            RandomStep random = network("train.method=unimatch");
            Batches.Step batch = random.batch(1, 1);
            try {
                Emulator.pretend("memory", (int) Emulator.counters()[5] + (1 << 20));
                TrainingStep step = random.step();
                HierVlException e = assertThrows(HierVlException.class, () -> step.run(batch));
                assertEquals(HierVlException.Kind.ENVIRONMENT, e.kind());
                for (String part : List.of("MiB are free", "train.micro_batch (now 2)", "train.crop (now 32)", "model.recompute=true")) {
                    assertTrue(e.getMessage().contains(part), e.getMessage());
                }
            } finally {
                Emulator.pretend("memory", 0);
            }
        });
    }
}
