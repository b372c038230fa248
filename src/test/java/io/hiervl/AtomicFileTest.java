package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    Path dir;

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aFailureKeepsTheOldFileAndLeavesNothingBehind() throws IOException {
        Path file = dir.resolve("a.txt");
        AtomicFile.write(file, "first");
        HierVlException e = assertThrows(HierVlException.class, () -> AtomicFile.write(file, out -> {
            out.write(new byte[100_000]);
            throw new IOException("No space left on device");
        }));
        assertEquals(6, e.kind().exitCode());
        assertTrue(e.getMessage().contains("a.txt") && e.getMessage().contains("No space left"), e.getMessage());
        assertEquals("first", Files.readString(file));
        assertEquals(List.of("a.txt"), names());
        AtomicFile.write(file, "second");
        assertEquals("second", Files.readString(file));
        assertEquals(List.of("a.txt"), names());
    }

    @Test
    void aMissingFolderIsNamed() {
        String message = assertThrows(HierVlException.class, () -> AtomicFile.write(dir.resolve("none/a.txt"), "x")).getMessage();
        assertTrue(message.contains("none") && message.contains("NoSuchFile"), message);
    }
}
