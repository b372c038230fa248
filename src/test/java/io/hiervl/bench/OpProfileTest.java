package io.hiervl.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.graph.Profile;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Profiles: which cases, and the figures of the table. */
class OpProfileTest {
    @Test
    void cases() {
        assertEquals(OpProfile.STANDARD, OpProfile.of("profile"));
        assertEquals(List.of("step tiny 2+2"), OpProfile.of("profile step tiny 2+2"));
        assertTrue(OpProfile.STANDARD.stream().allMatch(Cases::exists));
        assertTrue(
            OpProfile.of("profile nothing").isEmpty() && OpProfile.of("profile ops").isEmpty() && OpProfile.of("inference tiny").isEmpty());
    }

    @Test
    void figuresArePerCall() {
        List<OpProfile.Line> lines = OpProfile
            .lines(Map.of("hiervl_linear", new Profile.Cost(20, 30_000_000, 1, 6e9), "add", new Profile.Cost(4, 10_000_000, 1, 0)), 2);
        assertEquals(new OpProfile.Line("linear", 10, 15, 0.75, 3), lines.get(0));
        assertEquals(new OpProfile.Line("add", 2, 5, 0.25, 0), lines.get(1));
        String page = new OpProfile.Result("x", 25, 400, lines).markdown();
        assertTrue(page.contains("products and convolutions 3 GFLOP, at 400 GFLOP/s 8 ms (30 %)"), page);
        assertTrue(page.contains("| linear | 10 | 15.0 | 75.0 % | 3.0 | 200 | 7.5 |"), page);
    }
}
