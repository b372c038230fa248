package io.hiervl.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.image.Photo;
import io.hiervl.predict.Segmenter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Times of a photo while four processes beside it use all the CPU they get, without OpenMP's variables and with them. A program that embeds
 * the library sets none, and must not be slower for it: {@code mvn -q test -Dtest=BusyMachineTest -Dbusy=true}.
 */
@EnabledIfSystemProperty(named = "busy", matches = "true")
class BusyMachineTest {
    private static final int PHOTOS = 60;
    private static final int BUSY = 4;

    @TempDir
    Path work;

    @Test
    void nothingDependsOnVariablesThatTheLauncherSets() throws Exception {
        Path run = new Seeds(work).checkpoint();
        List<Process> busy = new ArrayList<>();
        try {
            for (int i = 0; i < BUSY; i++) {
                busy.add(new ProcessBuilder("sh", "-c", "while :; do :; done").start());
            }
            double without = median("without variables", run, Map.of());
            double with = median("OMP_WAIT_POLICY=PASSIVE", run, Map.of("OMP_WAIT_POLICY", "PASSIVE", "GOMP_SPINCOUNT", "3000"));
            median("OMP_WAIT_POLICY=ACTIVE", run, Map.of("OMP_WAIT_POLICY", "ACTIVE", "GOMP_SPINCOUNT", "infinite"));
            assertTrue(without < 2 * with, without + " ms without variables, " + with + " ms with them");
        } finally {
            busy.forEach(Process::destroyForcibly);
        }
    }

    private double median(String name, Path run, Map<String, String> variables) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m", "-cp",
            System.getProperty("java.class.path"), BusyMachineTest.class.getName(), run.toString());
        builder.environment().keySet().removeIf(k -> k.startsWith("OMP_") || k.startsWith("GOMP_"));
        builder.environment().putAll(variables);
        Path out = work.resolve("out.txt");
        Process child = builder.redirectOutput(out.toFile()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        assertTrue(child.waitFor(5, TimeUnit.MINUTES));
        assertEquals(0, child.exitValue());
        double[] times = Arrays.stream(Files.readString(out).strip().split(" ")).mapToDouble(Double::parseDouble).sorted().toArray();
        assertEquals(PHOTOS, times.length);
        System.out.printf(Locale.ROOT, "%s: median %.0f ms, slowest %.0f ms%n", name, times[PHOTOS / 2], times[PHOTOS - 1]);
        return times[PHOTOS / 2];
    }

    /** Prints the milliseconds of each photo. */
    public static void main(String[] args) {
        StringBuilder times = new StringBuilder();
        try (Segmenter s = Segmenter.load(Path.of(args[0]))) {
            for (int i = -10; i < PHOTOS; i++) {
                long start = System.nanoTime();
                s.segment(Photo.black(96, 96));
                if (i >= 0) {
                    times.append((System.nanoTime() - start) / 1e6).append(' ');
                }
            }
        }
        System.out.println(times);
        Runtime.getRuntime().halt(0);
    }
}
