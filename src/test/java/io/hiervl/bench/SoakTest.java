package io.hiervl.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Soak runs: their names, the slope, and a short one. */
class SoakTest {
    @Test
    void names() {
        assertTrue(Soak.is("soak") && Soak.is("soak 500") && Soak.is("soak 500 2+2"));
        assertFalse(Soak.is("soak 0") || Soak.is("soak x") || Soak.is("step tiny 8+8"));
    }

    @Test
    void theSlopeIsThatOfTheSecondHalf() {
        assertEquals(40, Soak.slope(List.of(900L, 100L, 500L, 700L, 702L, 704L, 706L, 708L), 50), 1e-9);
        assertEquals(0, Soak.slope(List.of(1L, 9L, 5L, 5L, 5L, 5L), 50), 1e-9);
        assertEquals(0, Soak.slope(List.of(7L), 50));
    }

    @Test
    void aShortRun() {
        long[] last = {0};
        Soak.Result r = Soak.run("soak 8 1+1", "fp32", (done, total, note) -> last[0] = done);
        assertEquals(8, r.steps());
        assertEquals(8, last[0]);
        assertEquals(4, r.rss_mb().size());
        assertEquals(2, r.every());
        assertTrue(r.rss_mb().stream().allMatch(mb -> mb > 50), r.toString());
        assertTrue(r.markdown().contains("| 8 | " + r.rss_mb().get(3) + " |"), r.markdown());
    }
}
