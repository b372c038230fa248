package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.predict.Segmenter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** Builds other artifacts of this repository from the classes under test; a test is skipped where Maven has not got what it needs. */
final class OfflineMaven {
    private static final int SECONDS = 240;

    private OfflineMaven() {
    }

    /**
     * @param log  receives Maven's output
     * @param args project and goals
     */
    static void run(Path log, String... args) throws Exception {
        Path classes = Path.of(Segmenter.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<String> command = new ArrayList<>(List.of("mvn", "-o", "-B", "-q", "-Dhiervl.classes=" + classes));
        command.addAll(Arrays.asList(args));
        Process maven;
        try {
            maven = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        } catch (IOException e) {
            Assumptions.abort("Maven cannot be started: " + e.getMessage());
            return;
        }
        assertTrue(maven.waitFor(SECONDS, TimeUnit.SECONDS), "Maven takes too long");
        String said = Files.readString(log);
        boolean missing = said.contains("offline mode") || said.contains("Non-resolvable parent POM");
        Assumptions.assumeFalse(maven.exitValue() != 0 && missing,
            "not every library is there; once, online: mvn " + String.join(" ", args) + " fetches them");
        assertEquals(0, maven.exitValue(), said);
    }
}
