package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a run leaves in the folder for temporary files. */
class LeftoversTest {
    @TempDir
    Path dir;

    @Test
    @EnabledOnOs(OS.LINUX)
    void onnxRuntimesFolderIsRemoved() throws Exception {
        Path temporary = Files.createDirectories(dir.resolve("tmp"));
        Path log = dir.resolve("log.txt");
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m",
            "-Djava.io.tmpdir=" + temporary, "-Djava.awt.headless=true", "-cp", System.getProperty("java.class.path"),
            Main.class.getName(), "clip", "check", Path.of("graphs/tiny-clip").toAbsolutePath().toString()).redirectErrorStream(true)
            .redirectOutput(log.toFile()).start();
        boolean ended = process.waitFor(120, TimeUnit.SECONDS);
        process.destroyForcibly();
        assertTrue(ended, Files.readString(log));
        assertEquals(0, process.exitValue(), Files.readString(log));
        assertTrue(Files.readString(log).contains("largest difference"), "ONNX Runtime was not asked: " + Files.readString(log));
        try (Stream<Path> left = Files.list(temporary)) {
            assertEquals(List.of(), left.map(p -> p.getFileName().toString()).filter(n -> n.startsWith("onnxruntime")).toList());
        }
    }
}
