package io.hiervl.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Removes what libraries leave in the system's folder for temporary files. ONNX Runtime unpacks its native library into a folder of its
 * own and asks Java to delete the folder before the files in it, so the folder would stay.
 */
final class Leftovers {
    private static final Path MAPS = Path.of("/proc/self/maps");
    private static final String FOLDER = "/onnxruntime-java";

    private Leftovers() {
    }

    /** Looks when the program ends, whatever the reason. */
    static void removeAtExit() {
        Runtime.getRuntime().addShutdownHook(new Thread(Leftovers::remove, "leftovers"));
    }

    /** Folders of libraries that this process has loaded; on Linux a loaded file can be deleted. */
    private static void remove() {
        if (!Files.isReadable(MAPS)) {
            return;
        }
        try (Stream<String> lines = Files.lines(MAPS)) {
            List<Path> folders = lines.filter(l -> l.contains(FOLDER))
                .map(l -> Path.of(l.substring(l.indexOf('/')).replace(" (deleted)", "")).getParent())
                .filter(f -> f.getFileName().toString().startsWith(FOLDER.substring(1))).distinct().toList();
            for (Path folder : folders) {
                remove(folder);
            }
        } catch (IOException | RuntimeException e) {
            // Nothing depends on it, and nobody reads a message at this moment.
            return;
        }
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(folder);
    }
}
