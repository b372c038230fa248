package io.hiervl.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backend.cuda.Emulator;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Steps counted on a device that computes nothing. */
@Tag("cuda")
class StepCountTest {
    @BeforeAll
    static void load() {
        Emulator.backend();
    }

    private static long flops(StepCount count, boolean tensorCores) {
        return count.launches().stream().filter(l -> l.tensorCores() == tensorCores).mapToLong(StepCount.Launch::flops).sum();
    }

    @Test
    void aStepIsCounted() {
        StepCount one = StepCount.of("step tiny 1+1", "bf16");
        StepCount two = StepCount.of("step tiny 2+2", "bf16");
        // a larger batch is more work in the same launches
        assertTrue(two.launches().size() < 1.1 * one.launches().size(), one.launches().size() + ", " + two.launches().size());
        assertTrue(flops(two, true) > 1.5 * flops(one, true), flops(one, true) + ", " + flops(two, true));
        assertTrue(flops(two, true) > 10 * flops(two, false), "most products run on tensor cores");
        assertTrue(one.launches().stream().anyMatch(l -> l.name().startsWith("attention_keys_")));
        assertEquals(Set.of(), one.staged().keySet(), "ops that were computed on the host");
        // nothing was computed, and nobody counts any more
        assertTrue(Emulator.backend().freeBytes() < 1L << 40);
    }

    /** {@code mvn test -Dtest=StepCountTest -Dhiervl.count='step vit-b16-512 8+8' -Dhiervl.count.precision=bf16} prints a table. */
    @Test
    @EnabledIfSystemProperty(named = "hiervl.count", matches = ".+")
    void table() {
        String table = StepCount.of(System.getProperty("hiervl.count"), System.getProperty("hiervl.count.precision", "bf16")).markdown();
        System.out.println(table);
        assertTrue(table.contains("| product |"), table);
    }
}
