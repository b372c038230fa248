package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.bench.Benchmark;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Turns of two programs on a machine with other work. */
class RoundsTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Console console =
        new Console(new PrintStream(err, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));
    private final List<String> order = new ArrayList<>();

    private Benchmark.Row row(String name, int quiet) {
        order.add(name);
        return new Benchmark.Row(name, "fp32", 1, 1, 1, 5, 5, quiet, 0.5, 1.0, 1, 1);
    }

    private List<Rounds.Round> run(int wanted, int patience, List<Integer> quiet) {
        Iterator<Integer> next = quiet.iterator();
        return new Rounds(wanted, patience, 0, console).run("case", n -> List.of(row(n, 5)), List.of("peer"),
            () -> List.of(row("hiervl", next.next())));
    }

    @Test
    void programsTakeTurns() {
        assertEquals(2, run(2, 3, List.of(5, 5)).size());
        assertEquals(List.of("peer", "hiervl", "peer", "hiervl"), order);
    }

    @Test
    void disturbedRoundsAreRepeatedAndDoNotCount() {
        List<Rounds.Round> rounds = run(1, 3, List.of(0, 2, 3));
        assertEquals(1, rounds.size());
        assertEquals(3, rounds.get(0).hiervl().get(0).quiet());
    }

    @Test
    void withoutAnyUndisturbedRoundAllCountAndThatIsSaid() {
        assertEquals(2, run(1, 1, List.of(0, 1)).size());
        assertTrue(err.toString(StandardCharsets.UTF_8).contains("disturbed every round"), err.toString(StandardCharsets.UTF_8));
    }
}
