package io.hiervl.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.HierVlException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ratios of the two programs, and reading the peer's results. */
class ComparisonTest {
    private static final String STEP = "step vit-b16-512 1+1";

    private static Benchmark.Row row(String name, double median, double min, long mb) {
        return new Benchmark.Row(name, "fp32", median, min, 2 * median, 5, 5, 5, 0.0, 2.0, median, mb);
    }

    @Test
    void aCaseIsHeldToItsGoalByTheMedianOverRounds() {
        List<Comparison.Line> lines =
            Comparison.lines("fp32", List.of(row(STEP, 80, 70, 3000), row(STEP, 100, 60, 3200), row(STEP, 84, 75, 3400)),
                List.of(row(STEP, 100, 80, 3000), row(STEP, 90, 90, 2000), row(STEP, 200, 85, 3600)));
        assertEquals(2, lines.size());
        Comparison.Line time = lines.get(0);
        assertEquals(0.84, time.ratio(), 1e-12);
        assertEquals(60.0 / 80, time.ratio_min(), 1e-12);
        assertEquals(0.9, time.goal());
        assertEquals(true, time.reached());
        Comparison.Line memory = lines.get(1);
        assertEquals("MB", memory.unit());
        assertEquals(3200.0 / 3000, memory.ratio(), 1e-12);
        assertEquals(false, memory.reached());
        assertTrue(Comparison.markdown(lines).contains("| 84.0 ms | 100 ms | 0.84 | 0.75 | <= 0.9 | yes |"), Comparison.markdown(lines));
    }

    @Test
    void anotherPrecisionHasOtherGoals() {
        List<Comparison.Line> lines = Comparison.lines("bf16", List.of(row(STEP, 80, 80, 1)), List.of(row(STEP, 100, 100, 1)));
        assertEquals(0.55, lines.get(0).goal());
        assertEquals(false, lines.get(0).reached());
    }

    @Test
    void aCaseWithoutGoalIsListedAndOneWithoutPartnerIsNot() {
        List<Comparison.Line> lines = Comparison.lines("fp32", List.of(row("vision 224 fwd", 1, 1, 1), row("inference tiny", 1, 1, 1)),
            List.of(row("vision 224 fwd", 2, 2, 1)));
        assertEquals(1, lines.size());
        assertNull(lines.get(0).goal());
        assertNull(lines.get(0).reached());
    }

    @Test
    void onnxRuntimeIsMeasuredBesideInference() {
        assertEquals(List.of("inference 512", Comparison.ONNX_CASE), Comparison.peerCases("inference 512", "fp32"));
        List<Comparison.Line> lines =
            Comparison.lines("fp32", List.of(row("inference 512", 100, 100, 1)), List.of(row(Comparison.ONNX_CASE, 80, 80, 1)));
        assertEquals(1.25, lines.get(0).ratio(), 1e-12);
        assertEquals(false, lines.get(0).reached());
    }

    @Test
    void readsWhatThePeerWrites() throws Exception {
        List<Benchmark.Row> rows = Peer.rows("step tiny 8+8", "fp32",
            new ObjectMapper().readTree("{\"rows\": {\"\": {\"median_ms\": 530.7, \"min_ms\": 469.6, "
                + "\"max_ms\": 600, \"reps\": 38, \"samples\": 37, \"quiet\": 36, \"from_quiet\": true, "
                + "\"others_cores\": 0.01, \"own_cores\": 1.9, "
                + "\"first_ms\": 946.9}}, \"base_mb\": 763, \"rss_mb\": 946, \"peak_mb\": 985}"));
        assertEquals(List.of(new Benchmark.Row("step tiny 8+8", "fp32", 530.7, 469.6, 600, 38, 37, 36, 0.01, 1.9, 946.9, 985)), rows);
    }

    @Test
    void forwardAndBackwardOfAKernelAreAddedUp() throws Exception {
        String one = "{\"median_ms\": 2, \"min_ms\": 1, \"max_ms\": 3, \"reps\": 9, \"samples\": 9, \"quiet\": %d, \"others_cores\": 0, "
            + "\"own_cores\": 2, \"first_ms\": 5}";
        List<Benchmark.Row> rows = Peer.rows("ops", "fp32", new ObjectMapper().readTree("{\"rows\": {\"gelu fwd\": " + one.formatted(9)
            + ", \"gelu bwd\": " + one.formatted(2) + "}, \"peak_mb\": 7}"));
        assertEquals(List.of("gelu fwd", "gelu fwd+bwd"), rows.stream().map(Benchmark.Row::name).toList());
        assertEquals(4, rows.get(1).median_ms());
        assertEquals(2, rows.get(1).min_ms());
        assertEquals(2, rows.get(1).quiet());
    }

    @Test
    void aFolderWithoutThePeerIsNamed(@TempDir Path folder) {
        HierVlException e = assertThrows(HierVlException.class, () -> new Peer(folder, Path.of("python3"), 1, folder));
        assertTrue(e.getMessage().contains("hiervl_torch"), e.getMessage());
        assertEquals(2, e.kind().exitCode());
    }
}
