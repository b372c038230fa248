package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
    void aFolderOfThatNameStays() throws IOException {
        Path folder = Files.createDirectory(dir.resolve("folder"));
        HierVlException e = assertThrows(HierVlException.class, () -> AtomicFile.write(folder, "x"));
        assertEquals("cannot write " + folder + ": it is a folder", e.getMessage());
        assertEquals(List.of("folder"), names());
    }

    @Test
    void linksAndDevicesStayWhatTheyAre() throws IOException {
        Path target = dir.resolve("target.txt");
        AtomicFile.write(target, "old");
        Path link = Files.createSymbolicLink(dir.resolve("link.txt"), target);
        AtomicFile.write(link, "new");
        assertTrue(Files.isSymbolicLink(link));
        assertEquals("new", Files.readString(target));
        Path full = Path.of("/dev/full");
        assumeTrue(Files.exists(full));
        HierVlException e = assertThrows(HierVlException.class, () -> AtomicFile.write(full, "x"));
        assertEquals(6, e.kind().exitCode());
        assertTrue(e.getMessage().matches("cannot write /dev/full: .*[Nn]o space.*"), e.getMessage());
        assertThrows(HierVlException.class, () -> AtomicFile.replace(full, temporary -> Files.writeString(temporary, "x")));
        AtomicFile.replace(Path.of("/dev/null"), temporary -> Files.writeString(temporary, "x"));
        assertFalse(Files.isRegularFile(full) || Files.isRegularFile(Path.of("/dev/null")), "the devices are there");
    }

    @Test
    void linksOutOfTheFolderAreReplacedUnlessTheUserNamedThem() throws IOException {
        Path victim = Files.writeString(dir.resolve("victim"), "precious");
        Path folder = Files.createDirectory(dir.resolve("out"));
        Path planted = Files.createSymbolicLink(folder.resolve("report.html"), victim);
        AtomicFile.write(planted, "page");
        assertEquals("precious", Files.readString(victim));
        assertEquals("page", Files.readString(planted));
        assertFalse(Files.isSymbolicLink(planted));
        Path named = Files.createSymbolicLink(folder.resolve("model.sd"), victim);
        AtomicFile.write(AtomicFile.named(named), "model");
        assertTrue(Files.isSymbolicLink(named));
        assertEquals("model", Files.readString(victim));
    }

    @Test
    void whatWrapsTheDiskIsUnwrapped() {
        assertEquals("No space left on device",
            AtomicFile.reason(new IOException("I/O error writing PNG file!", new IOException("No space left on device"))));
    }

    @Test
    void aMissingFolderIsNamed() {
        String message = assertThrows(HierVlException.class, () -> AtomicFile.write(dir.resolve("none/a.txt"), "x")).getMessage();
        assertTrue(message.contains("none") && message.contains("does not exist"), message);
    }
}
