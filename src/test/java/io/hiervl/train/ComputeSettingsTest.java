package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.choice.Backends;
import io.hiervl.data.Batches;
import io.hiervl.tensor.Precision;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What {@code model.recompute} and {@code model.precision} do to a whole training step. */
class ComputeSettingsTest {
    private static final String[] EVERYTHING = {"loss.qt_on_unlabelled=true", "loss.self_train_set=true", "loss.pt_unmasked=0.2",
        "loss.mask_background=true", "model.n_enc=2"};

    private record Outcome(Map<String, Double> log, Map<String, INDArray> gradients) {
    }

    private static Outcome run(DataType type, String... settings) {
        String[] all =
            java.util.stream.Stream.concat(java.util.Arrays.stream(EVERYTHING), java.util.Arrays.stream(settings)).toArray(String[]::new);
        RandomStep random = new RandomStep(type, 5, 4, "default", all);
        Batches.Step batch = random.batch(2, 2);
        TrainingStep step = random.step();
        Map<String, Double> log = step.accumulate(batch, random.draws()).log();
        Map<String, INDArray> copies = new LinkedHashMap<>();
        step.gradients().forEach((name, g) -> copies.put(name, g.dup('c')));
        return new Outcome(log, copies);
    }

    /** An activation that is computed twice has the same bits both times. */
    @ParameterizedTest
    @ValueSource(strings = {"FLOAT", "DOUBLE"})
    void recomputationChangesNothing(DataType type) {
        Outcome kept = run(type, "model.precision=fp32", "model.recompute=false");
        Outcome again = run(type, "model.precision=fp32", "model.recompute=true");
        assertEquals(kept.log(), again.log());
        assertEquals(kept.gradients().keySet(), again.gradients().keySet());
        kept.gradients().forEach((name, g) -> assertEquals(g, again.gradients().get(name), name));
    }

    /**
     * bfloat16 has 8 bits: a factor is off by up to 1/512. Through the few layers of this network, terms move by up to some
     * parts of a thousand and the gradient as a whole by some parts of a hundred.
     */
    @Test
    void bf16StaysNearFp32() {
        Assumptions.assumeTrue(Backends.host().gainsFrom(Precision.BF16), "this CPU has no bf16 products, or oneDNN has no library here");
        Outcome exact = run(DataType.FLOAT, "model.precision=fp32");
        Outcome rounded = run(DataType.FLOAT, "model.precision=bf16");
        exact.log().forEach((term, v) -> assertEquals(v, rounded.log().get(term), 0.02 * Math.max(1, Math.abs(v)), term));
        double distance = 0;
        double length = 0;
        for (Map.Entry<String, INDArray> g : exact.gradients().entrySet()) {
            distance += Math.pow(g.getValue().sub(rounded.gradients().get(g.getKey())).norm2Number().doubleValue(), 2);
            length += Math.pow(g.getValue().norm2Number().doubleValue(), 2);
        }
        double relative = Math.sqrt(distance / length);
        assertTrue(relative > 1e-5, "the gradient is the one of fp32: nothing was rounded");
        assertTrue(relative < 0.05, String.format(Locale.ROOT, "the gradient moved by %.3f of its length", relative));
    }
}
