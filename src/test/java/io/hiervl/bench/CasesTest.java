package io.hiervl.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.Progress;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The cases that a test can afford, and what is counted. */
class CasesTest {
    @Test
    void namesArePeersNames() {
        assertEquals(List.of("inference tiny", "step tiny 8+8"), Cases.names(true, false));
        assertEquals(12, Cases.names(false, true).size());
        assertTrue(Cases.names(true, true).containsAll(Comparison.names()));
    }

    @Test
    void stepsOfOtherSizesAreCasesAndOtherNamesAreNot() {
        assertTrue(Cases.exists("step vit-b16-384 1+1"));
        assertTrue(Cases.exists("step vit-b16-512 2+2 81 classes"));
        assertFalse(Cases.exists("step vit-b16-512"));
        assertFalse(Cases.exists("vision 300 fwd"));
    }

    @Test
    void tinyInferenceAndStepRun() {
        Benchmark.Row row = Benchmark.run("inference tiny", "fp32", 1, new Counter()).get(0);
        assertTrue(row.min_ms() > 0 && row.min_ms() <= row.median_ms() && row.median_ms() <= row.max_ms(), row.toString());
        Cases.prepare("step tiny 2+2", "fp32").run();
    }

    @Test
    void atLeastSoManySamplesAfterWarmingUp() {
        int[] calls = {0};
        Counter counter = new Counter();
        Timing t = Timing.of(() -> {
            calls[0]++;
            try {
                Thread.sleep(110);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }, 0.2, 4, 0, counter);
        assertTrue(t.samples() >= 4, t.toString());
        assertEquals(t.samples(), t.runs());
        assertEquals(calls[0], t.runs() + 3);
        assertEquals(t.samples(), counter.last);
        assertTrue(t.minMs() >= 100, t.toString());
    }

    private static final class Counter implements Progress {
        private long last;

        @Override
        public void update(long done, long total, String note) {
            last = done;
        }
    }
}
