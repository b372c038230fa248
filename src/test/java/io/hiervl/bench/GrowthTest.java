package io.hiervl.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Growth tables: their cases exist, and exponents come from neighbours. */
class GrowthTest {
    @Test
    void everyCaseOfEverySeriesExists() {
        List<Growth.Series> all = Growth.of("growth");
        assertEquals(List.of("size", "classes", "batch"), all.stream().map(Growth.Series::name).toList());
        for (Growth.Series s : all) {
            assertEquals(s.values().size(), s.cases().size());
            for (String name : s.cases()) {
                assertTrue(Cases.exists(name), name);
            }
            assertEquals(List.of(s), Growth.of("growth " + s.name()));
        }
        assertEquals(List.of(256, 384, 512, 640), all.get(0).values());
        assertEquals("step vit-b16-640 1+1", all.get(0).cases().get(3));
        assertEquals(List.of(2, 21, 81, 150), all.get(1).values());
        assertEquals("step vit-b16-256 1+1 81 classes", all.get(1).cases().get(2));
        assertEquals("step vit-b16-256 4+4", all.get(2).cases().get(2));
        assertTrue(Growth.of("growth depth").isEmpty());
        assertTrue(Growth.of("step vit-b16-256 1+1").isEmpty());
    }

    @Test
    void theExponentIsTheRatioOfLogarithms() {
        Growth.Series batch = Growth.of("growth batch").get(0);
        List<Growth.Line> lines = Growth.lines(batch, List.of(row(100, 1000), row(400, 2000), row(400, 2000)));
        assertNull(lines.get(0).time_exponent());
        assertEquals(2, lines.get(1).time_exponent(), 1e-12);
        assertEquals(1, lines.get(1).memory_exponent(), 1e-12);
        assertEquals(0, lines.get(2).time_exponent(), 1e-12);
        assertTrue(Growth.markdown(batch, lines).contains("| 2 | 400 | 2.00 | 2000 | 1.00 |"), Growth.markdown(batch, lines));
    }

    private static Benchmark.Row row(double ms, long mb) {
        return new Benchmark.Row("step", "fp32", ms, ms, ms, 5, 5, 5, 0.0, 2.0, ms, mb);
    }

    @Test
    void kernelsCanBeChosenByAWord() {
        assertTrue(Cases.exists("ops") && Cases.exists("ops group_norm"));
        assertFalse(Cases.exists("ops nonsense"));
        assertEquals(List.of("gelu 1x1025x3072", "quick_gelu 1x1025x3072 (x*sigmoid(1.702x))"), Cases.operations("ops gelu"));
        assertEquals(List.of("ops"), Comparison.peerCases("ops gelu", "fp32"));
    }
}
