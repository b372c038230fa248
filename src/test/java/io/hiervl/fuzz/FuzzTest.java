package io.hiervl.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Damaged files of every kind are refused with one sentence, read with equal results, or, in formats without a checksum, read
 * as what they now say. Nothing crashes, hangs or throws anything else. The work is done in a process of its own, which may
 * die of an input.
 *
 * <p>More and other inputs: {@code mvn -q test -Dtest=FuzzTest -Dfuzz.count=10000 -Dfuzz.seed=2 -Dfuzz.families=sd,onnx}.
 * Inputs with a fault stay in {@code target/fuzz}.
 */
class FuzzTest {
    private static final int COUNT = Integer.getInteger("fuzz.count", 200);
    private static final long SEED = Long.getLong("fuzz.seed", 17);
    private static final String FAMILIES = System.getProperty("fuzz.families", String.join(",", Families.NAMES));

    /** A trial of a file without a checksum is given up after 20 seconds itself. */
    private static final long HANG_MILLIS = FAMILIES.contains("old-s") || FAMILIES.contains("old-o") ? 40_000 : 20_000;

    @Test
    void noDamagedFileDoesHarm() throws Exception {
        Path work = Files.createDirectories(Path.of("target", "fuzz", SEED + "-" + COUNT).toAbsolutePath());
        Files.deleteIfExists(FuzzChild.report(work));
        List<String> families = new ArrayList<>(Arrays.asList(FAMILIES.split(",")));
        List<String> deaths = new ArrayList<>();
        int from = 0;
        while (!families.isEmpty()) {
            Files.deleteIfExists(FuzzChild.progress(work));
            String death = child(work, from, families);
            if (death == null) {
                break;
            }
            assertTrue(Files.exists(FuzzChild.progress(work)), () -> "the process did not start: " + log(work));
            String[] at = Files.readString(FuzzChild.progress(work)).split(" ");
            deaths.add(death + " at " + String.join(" ", at));
            families.subList(0, families.indexOf(at[0])).clear();
            from = Integer.parseInt(at[1]) + 1;
            if (from >= COUNT) {
                families.remove(0);
                from = 0;
            }
        }
        List<String> report = Files.readAllLines(FuzzChild.report(work));
        assertTrue(report.contains("END"), () -> "no end: " + log(work));
        List<String> faults = new ArrayList<>(deaths);
        report.stream().filter(l -> l.startsWith("FAULT")).forEach(faults::add);
        assertEquals(List.of(), faults.subList(0, Math.min(faults.size(), 50)), faults.size() + " faults, inputs in " + work);
        assertTrue(report.stream().anyMatch(l -> l.startsWith("DONE") && l.contains("REFUSED")),
            "nothing was refused: the damage does not arrive");
    }

    /** Runs a child to its end; returns how it died, null if it did not. */
    private static String child(Path work, int from, List<String> families) throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g",
            "-Dorg.bytedeco.javacpp.maxbytes=2g", "-Dorg.bytedeco.javacpp.maxphysicalbytes=0", "-Djava.awt.headless=true",
            "-XX:ErrorFile=" + work.resolve("hs_err.log"),
            "-cp", System.getProperty("java.class.path"), FuzzChild.class.getName(), work.toString(), Long.toString(SEED),
            Integer.toString(COUNT),
            Integer.toString(from)));
        command.addAll(families);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(work.resolve("log.txt").toFile());
        builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
        Process process = builder.start();
        while (!process.waitFor(500, java.util.concurrent.TimeUnit.MILLISECONDS)) {
            Path progress = FuzzChild.progress(work);
            if (age(progress) > HANG_MILLIS) {
                process.destroyForcibly().waitFor();
                return "hang";
            }
        }
        return process.exitValue() == 0 ? null : "death with code " + process.exitValue();
    }

    /** How long ago an input was begun; 0 between two families. */
    private static long age(Path progress) throws IOException {
        try {
            return System.currentTimeMillis() - Files.getLastModifiedTime(progress).toMillis();
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    private static String log(Path work) {
        try {
            List<String> lines = Files.readAllLines(work.resolve("log.txt"), java.nio.charset.StandardCharsets.ISO_8859_1);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
