package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.GoldenConfig;
import io.hiervl.GoldenFixtures;
import io.hiervl.GoldenFixtures.Case;
import io.hiervl.GoldenSuite.Setting;
import io.hiervl.optim.GlobalNormClip;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One training step of a tiny complete network against the end-to-end fixtures: everything that the manifest lists. */
class GoldenEndToEndTest {
    /** Cases and what they hold. */
    private static final Map<String, String> KNOWN = Map.of("params", "parameters", "inputs", "inputs", "forward_text", "intermediates",
        "forward_labelled", "intermediates", "forward_unlabelled", "intermediates", "losses", "losses", "gradients", "gradients");
    private static final Map<String, Set<String>> ROLES = Map.of("parameters", Set.of("param"), "inputs", Set.of("input", "output"),
        "intermediates", Set.of("output"), "losses", Set.of("output"), "gradients", Set.of("output", "gradient"));

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

    @Test
    void noCaseIsUnknown() {
        Map<String, String> found = new HashMap<>();
        GoldenFixtures.cases("end_to_end").forEach(c -> {
            found.put(c.name, c.op);
            c.tensors.values().forEach(
                t -> assertTrue(ROLES.getOrDefault(c.op, Set.of()).contains(t.role()), c.name + "/" + t.name() + " is " + t.role()));
            Set<String> elsewhere = c.name.equals("losses") ? Set.of("coefficients") : Set.of();
            assertEquals(Set.of(), c.name.equals("params") ? Set.of() : c.complaints(elsewhere), c.name);
        });
        assertEquals(KNOWN, found);
    }

    @Test
    void noParameterOrSettingIsUnknown() {
        GoldenStep golden = new GoldenStep(DataType.FLOAT);
        Set<String> names = new TreeSet<>();
        golden.network.store.all().forEach(p -> names.add(p.name()));
        assertEquals(golden.network.expected(), names);
        coefficients(golden);
        assertEquals(Set.of(), golden.network.params.complaints(Set.of()));
    }

    /** In one piece whatever the batch, in pairs and image by image: accumulated gradients are those of the undivided step. */
    @ParameterizedTest
    @CsvSource({"FUSED,1000", "FUSED,1", "FUSED_JAVA,1000", "FUSED_EMULATED,1000", "FUSED_DOUBLE,1000", "FUSED_DOUBLE,2", "FUSED_DOUBLE,1"})
    void lossesAndGradients(Setting setting, int microBatch) {
        Assumptions.assumeTrue(setting.runsOn(source()), "the large set on the GPU emulator: -Dhiervl.emulated=all");
        setting.during(() -> lossesAndGradients(setting, setting.type, microBatch));
    }

    private static void lossesAndGradients(Setting setting, DataType type, int microBatch) {
        GoldenStep golden = new GoldenStep(type, "train.micro_batch=" + microBatch);
        TrainingStep step = new TrainingStep(golden.model, GoldenStep.TOTAL);
        StepContext context = step.accumulate(golden.batch, golden);
        assertEquals(Set.of(), golden.unreadInputs(), "inputs that the step did not look at");
        Checked losses = new Checked("losses", setting);
        terms(golden, context.log()).forEach(losses::that);
        new GoldenIntermediates(golden).setLosses().forEach(losses::that);
        losses.complete();
        Checked gradients = new Checked("gradients", setting);
        Map<String, INDArray> sums = step.gradients();
        gradients.that("global_norm", GlobalNormClip.norm(sums));
        for (String name : golden.network.trainable()) {
            INDArray g = golden.network.inGoldenLayout(name, sums::get);
            gradients.that("norm." + name, g.norm2Number().doubleValue());
            if (gradients.golden.has("grad." + name)) {
                gradients.that("grad." + name, g);
            }
        }
        gradients.complete();
    }

    /** Loss terms under the fixture's names. */
    private static Map<String, Double> terms(GoldenStep golden, Map<String, Double> log) {
        var loss = golden.model.recipe().loss();
        Map<String, Double> t = new LinkedHashMap<>();
        double set = loss.set().setClass() * log.get("set_class") + loss.set().setMask() * log.get("set_mask")
            + loss.set().setDice() * log.get("set_dice");
        t.put("ce", log.get("ce"));
        t.put("L_set", set);
        t.put("L_x", log.get("ce") + set);
        t.put("H", (log.get("entropy_s1") + log.get("entropy_s2")) / 2);
        t.put("total", log.get("total"));
        for (String view : new String[] {"s1", "s2", "fp"}) {
            t.put("l_" + view, log.get("self_" + view));
            t.put("g_" + view, log.get("guidance_" + view));
        }
        t.put("H_s1", log.get("entropy_s1"));
        t.put("H_s2", log.get("entropy_s2"));
        for (String name : new String[] {"qt", "gate", "topo", "anchor"}) {
            t.put("L_" + name, log.get(name));
        }
        for (String name : new String[] {"mask", "pt"}) {
            // a step in which no image has a class to erase skips the block
            t.put("L_" + name, golden.erases() ? log.get(name) : 0);
        }
        return t;
    }

    @Test
    void coefficients() {
        coefficients(new GoldenStep(DataType.FLOAT));
    }

    private static void coefficients(GoldenStep golden) {
        GoldenConfig config = golden.network.params.config;
        Map<String, Double> c = golden.model.terms().weights(config.get("progress_t").asDouble());
        Map<String, String> names = Map.of("L_x", "ce", "l_", "self_", "g_", "guidance_", "H_", "entropy_", "L_", "");
        assertEquals(config.get("coefficients"), GoldenFixtures.one("end_to_end", "losses").config("coefficients"));
        config.get("coefficients").fields().forEachRemaining(e -> {
            String key = e.getKey().equals("L_x") ? "L_x" : e.getKey().substring(0, 2);
            String name = names.get(key) + (key.equals("L_x") ? "" : e.getKey().substring(2));
            assertEquals(e.getValue().asDouble(), c.get(name), 1e-12, e.getKey());
        });
    }

    @ParameterizedTest
    @CsvSource({"FUSED", "FUSED_JAVA", "FUSED_EMULATED", "FUSED_DOUBLE"})
    void intermediates(Setting setting) {
        Assumptions.assumeTrue(setting.runsOn(source()), "the large set on the GPU emulator: -Dhiervl.emulated=all");
        setting.during(() -> intermediates(setting, setting.type));
    }

    private static void intermediates(Setting setting, DataType type) {
        GoldenIntermediates found = new GoldenIntermediates(new GoldenStep(type));
        Checked text = new Checked("forward_text", setting);
        found.text().forEach(text::that);
        text.complete();
        Checked inputs = new Checked("inputs", setting);
        found.matching().forEach(inputs::that);
        inputs.complete();
        Checked labelled = new Checked("forward_labelled", setting);
        found.labelled().forEach(labelled::that);
        labelled.complete();
        Checked unlabelled = new Checked("forward_unlabelled", setting);
        found.unlabelled().forEach(unlabelled::that);
        found.masked().forEach(unlabelled::that);
        unlabelled.labels("weak.label", found.beliefs().labels(), found.doubtful());
        unlabelled.that("reset_rows", (double) found.resetRows());
        unlabelled.complete();
    }

    /** Compares tensors of a case and notices what was forgotten. */
    private static final class Checked {
        private final Case golden;
        private final boolean isDouble;
        private final Set<String> seen = new HashSet<>();

        Checked(String name, Setting setting) {
            this.golden = GoldenFixtures.one("end_to_end", name).again(setting.label);
            this.isDouble = setting.type == DataType.DOUBLE;
        }

        void that(String tensor, double value) {
            golden.check(tensor, new double[] {value}, isDouble);
            seen.add(tensor);
        }

        void that(String tensor, INDArray value) {
            golden.check(tensor, value.dup('c').reshape(value.length()).castTo(DataType.DOUBLE).toDoubleVector(), isDouble);
            seen.add(tensor);
        }

        /** Labels that may differ only where two classes are equally likely. */
        void labels(String tensor, INDArray value, boolean[] doubtful) {
            double[] expected = golden.values(tensor);
            int doubts = 0;
            for (int i = 0; i < expected.length; i++) {
                doubts += doubtful[i] ? 1 : 0;
                assertTrue(doubtful[i] || expected[i] == value.getDouble(i), tensor + " " + i);
            }
            assertTrue(doubts < expected.length / 100, doubts + " doubtful labels");
            seen.add(tensor);
        }

        void complete() {
            Set<String> wanted = new HashSet<>(golden.names("output"));
            wanted.addAll(golden.names("gradient"));
            assertEquals(wanted, seen, "compared tensors of " + golden.name);
        }
    }
}
