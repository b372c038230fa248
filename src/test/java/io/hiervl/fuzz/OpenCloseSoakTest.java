package io.hiervl.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.OffHeap;
import io.hiervl.image.Photo;
import io.hiervl.predict.Segmenter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Opens, uses and closes a model again and again, as a service does that changes models: the process must not grow. The first
 * cycles warm up caches. More cycles: {@code mvn -q test -Dtest=OpenCloseSoakTest -Dsoak.cycles=2000}.
 */
class OpenCloseSoakTest {
    private static final int CYCLES = Integer.getInteger("soak.cycles", 240);
    /** A thread for each model left 160. */
    private static final double KIB_PER_CYCLE = 64;

    @TempDir
    Path work;

    @Test
    void aClosedModelLeavesNothing() throws Exception {
        Assumptions.assumeTrue(Files.exists(Path.of("/proc/self/smaps_rollup")));
        Path checkpoint = new Seeds(work).checkpoint();
        List<Long> sizes = new ArrayList<>();
        for (int i = 0; i <= CYCLES; i++) {
            try (Segmenter s = Segmenter.load(checkpoint)) {
                s.predict(Photo.black(64, 48));
            }
            if (i % (CYCLES / 4) == 0) {
                for (int k = 0; k < 4; k++) {
                    OffHeap.collect();
                    Thread.sleep(200);
                }
                sizes.add(resident());
            }
        }
        // from the middle on, when caches are full
        double growth = (sizes.get(4) - sizes.get(2)) / (CYCLES / 2.0);
        assertTrue(growth < KIB_PER_CYCLE, "grows by " + growth + " KiB a cycle; KiB after each quarter: " + sizes);
    }

    /** Memory of the process in KiB that is neither Java's heap nor a file. */
    private static long resident() throws Exception {
        long anonymous = Files.readAllLines(Path.of("/proc/self/smaps_rollup")).stream().filter(l -> l.startsWith("Anonymous:"))
            .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", ""))).sum();
        return anonymous - (Runtime.getRuntime().totalMemory() >> 10);
    }
}
