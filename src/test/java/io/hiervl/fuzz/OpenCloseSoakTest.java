package io.hiervl.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.OffHeap;
import io.hiervl.image.Photo;
import io.hiervl.predict.Segmenter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
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

    private static final String SIZE = "KiB: ";

    @TempDir
    Path work;

    @Test
    void aClosedModelLeavesNothing() throws Exception {
        Assumptions.assumeTrue(Files.exists(Path.of("/proc/self/smaps_rollup")));
        Path said = work.resolve("said.txt");
        // a heap of one size that lies in memory from the start: one that changes its size looks like a leak, or hides one
        Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xms400m", "-Xmx400m",
            "-XX:+AlwaysPreTouch", "-Dorg.bytedeco.javacpp.maxbytes=1g", "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
            "-Djava.awt.headless=true", "-cp", System.getProperty("java.class.path"), Cycles.class.getName(),
            new Seeds(work).checkpoint().toString(), Integer.toString(CYCLES)).redirectErrorStream(true).redirectOutput(said.toFile())
            .start();
        try {
            assertTrue(child.waitFor(CYCLES, TimeUnit.SECONDS), () -> "no end after " + CYCLES + " s: " + text(said));
        } finally {
            child.destroyForcibly();
        }
        assertEquals(0, child.exitValue(), () -> text(said));
        List<Long> sizes = text(said).lines().filter(l -> l.startsWith(SIZE)).map(l -> Long.parseLong(l.substring(SIZE.length()))).toList();
        assertEquals(5, sizes.size(), () -> text(said));
        // from the middle on, when caches are full
        double growth = (sizes.get(4) - sizes.get(2)) / (CYCLES / 2.0);
        assertTrue(growth < KIB_PER_CYCLE, "grows by " + growth + " KiB a cycle; KiB after each quarter: " + sizes);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** The cycles, in a process of their own. */
    static final class Cycles {
        private Cycles() {
        }

        /** @param args the checkpoint, and how many cycles; prints the size at the start and after each quarter of them */
        public static void main(String[] args) throws Exception {
            int cycles = Integer.parseInt(args[1]);
            for (int i = 0; i <= cycles; i++) {
                try (Segmenter s = Segmenter.load(Path.of(args[0]))) {
                    s.predict(Photo.black(64, 48));
                }
                if (i % (cycles / 4) == 0) {
                    for (int k = 0; k < 4; k++) {
                        OffHeap.collect();
                        Thread.sleep(200);
                    }
                    System.out.println(SIZE + resident());
                }
            }
            System.exit(0);
        }
    }

    /** Memory of the process in KiB that is neither Java's heap nor a file. */
    private static long resident() throws Exception {
        long anonymous = Files.readAllLines(Path.of("/proc/self/smaps_rollup")).stream().filter(l -> l.startsWith("Anonymous:"))
            .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", ""))).sum();
        return anonymous - (Runtime.getRuntime().totalMemory() >> 10);
    }
}
