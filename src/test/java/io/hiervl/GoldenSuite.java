package io.hiervl;

import io.hiervl.GoldenFixtures.Case;
import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.cuda.Emulator;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.StockOps;
import io.hiervl.op.SameDiffOps;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The tests of one topic: every case of its manifest in every setting that its op has, with the check that no tensor was
 * overlooked. A case whose op nobody knows fails.
 */
public final class GoldenSuite {
    /** With what a case is computed. */
    public enum Setting {
        /** This project's ops on the kernels that the machine gets: oneDNN on x86-64. */
        FUSED("fused ops, oneDNN", DataType.FLOAT), FUSED_JAVA("fused ops, Java kernels",
            DataType.FLOAT), FUSED_DOUBLE("fused ops, Java kernels, double", DataType.DOUBLE),
        /** The GPU emulator; on the large set only with {@code -Dhiervl.emulated=all}, because it takes minutes there. */
        FUSED_EMULATED("fused ops, emulated GPU", DataType.FLOAT),
        /** ND4J's own ops; forward only. */
        STOCK("stock ops", DataType.FLOAT),
        /** Code that has neither ops nor kernels. */
        PLAIN("plain Java", DataType.DOUBLE);

        public final String label;
        public final DataType type;

        Setting(String label, DataType type) {
            this.label = label;
            this.type = type;
        }

        public boolean differentiable() {
            return this != STOCK;
        }

        /** Fresh ops for a graph. */
        public Ops ops() {
            return this == STOCK ? new StockOps(Graphs.create(), type) : new FusedOps(Graphs.create(), type);
        }

        /** Whether the setting is one of an ordinary test run on this set; else the test is skipped. */
        public boolean runsOn(GoldenFixtures.Source source) {
            return this != FUSED_EMULATED || source == GoldenFixtures.Source.COMMITTED
                || "all".equals(System.getProperty("hiervl.emulated"));
        }

        /** Runs a task with the setting's kernels. */
        public void during(Runnable task) {
            if (this == FUSED_JAVA) {
                Backends.during(Backends.java(), task);
            } else if (this == FUSED_EMULATED) {
                Backends.during(Emulator.backend(), task);
            } else {
                task.run();
            }
        }
    }

    public static final List<Setting> ALL =
        List.of(Setting.FUSED, Setting.FUSED_JAVA, Setting.FUSED_DOUBLE, Setting.FUSED_EMULATED, Setting.STOCK);
    /** For what the stock ops do not have: losses and what belongs to training. */
    public static final List<Setting> FUSED = List.of(Setting.FUSED, Setting.FUSED_JAVA, Setting.FUSED_DOUBLE, Setting.FUSED_EMULATED);
    public static final List<Setting> PLAIN = List.of(Setting.PLAIN);

    /** Computes a case and compares. */
    public interface Runner {
        void run(Case c, Setting setting) throws Exception;
    }

    private record Entry(List<Setting> settings, Runner runner, Set<String> unused) {
    }

    private final String topic;
    private final Map<String, Entry> entries = new HashMap<>();

    public GoldenSuite(String topic) {
        this.topic = topic;
    }

    /** @param unused inputs that the op of the program does not need */
    public GoldenSuite on(String op, List<Setting> settings, Runner runner, String... unused) {
        if (entries.put(op, new Entry(settings, runner, Set.of(unused))) != null) {
            throw new IllegalArgumentException("two runners for " + op);
        }
        return this;
    }

    /** All that another class knows of the topic. */
    public GoldenSuite with(GoldenSuite other) {
        other.entries.forEach((op, e) -> on(op, e.settings, e.runner, e.unused.toArray(String[]::new)));
        return this;
    }

    /** The tests on the committed set, then those on the folder golden.dir or one that is skipped where it is absent. */
    public List<DynamicTest> tests() {
        SameDiffOps.start();
        List<DynamicTest> tests = new ArrayList<>();
        for (GoldenFixtures.Source source : GoldenFixtures.Source.values()) {
            GoldenFixtures.use(source);
            if (GoldenFixtures.present(source, topic)) {
                GoldenFixtures.cases(topic).forEach(c -> add(source, c, tests));
            } else {
                // an aborted factory would not be counted, a test inside it is reported as skipped
                tests.add(DynamicTest.dynamicTest(source.label + " fixtures", () -> {
                    GoldenFixtures.use(source);
                    GoldenFixtures.topic(topic);
                }));
            }
        }
        return tests;
    }

    private void add(GoldenFixtures.Source source, Case c, List<DynamicTest> tests) {
        Entry e = entries.get(c.op);
        if (e == null) {
            tests.add(DynamicTest.dynamicTest(source.label + ": " + c.name, () -> {
                throw new AssertionError("nothing is known of op " + c.op + " of case " + c.name);
            }));
            return;
        }
        e.settings.stream().filter(s -> s.runsOn(source))
            .forEach(s -> tests.add(DynamicTest.dynamicTest(source.label + ": " + c.name + ", " + s.label, () -> run(c, e, s))));
    }

    private static void run(Case c, Entry e, Setting s) throws Exception {
        Case fresh = c.again(s.label);
        Exception[] failure = new Exception[1];
        s.during(() -> {
            try {
                e.runner.run(fresh, s);
            } catch (Exception x) {
                failure[0] = x;
            }
        });
        if (failure[0] != null) {
            throw failure[0];
        }
        fresh.complete(s.differentiable(), e.unused);
    }
}
