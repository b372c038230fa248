package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Commands whose results cannot be written: exit 6, the path and the reason, before any long work. */
class UnwritableTest {
    private static final String OUT = "OUT";

    @TempDir
    static Path dir;

    static Stream<List<String>> commands() {
        return Stream.of("train --recipe tiny --out OUT", "demo --out OUT", "experiment docs/experiments/methods.yaml --out OUT",
            "predict --model none datasets/tiny/JPEGImages/val_000.png --out OUT", "eval --predictions none --data datasets/tiny --out OUT",
            "export --model none --format onnx --out OUT", "clip random OUT --size tiny", "clip pretrain OUT --steps 1",
            "clip embed graphs/tiny-clip --text a --out OUT", "data synth OUT",
            "data split datasets/tiny --list val.txt --labels 2 --out OUT",
            "data init datasets/tiny/JPEGImages datasets/tiny/SegmentationClass a,b,c,d,e,f,g --out OUT",
            "bench --peer none --only ops --markdown OUT").map(line -> List.of(line.split(" ")));
    }

    private static Cli run(List<String> words, Path out) {
        return Cli.run(words.stream().map(w -> w.equals(OUT) ? out.toString() : w).toArray());
    }

    @ParameterizedTest
    @MethodSource("commands")
    void belowAFile(List<String> words) throws IOException {
        Path file = Files.writeString(dir.resolve("a-file"), "kept");
        Cli cli = run(words, file.resolve("below/out"));
        assertEquals(6, cli.exit(), words + ": " + cli.err());
        assertTrue(cli.err().contains(file + " is a file, not a folder"), cli.err());
        assertFalse(cli.err().contains("Exception") || cli.err().contains("\tat "), cli.err());
        assertEquals("kept", Files.readString(file));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void whereNobodyCanWrite(List<String> words) {
        org.junit.jupiter.api.Assumptions.assumeTrue(Files.isDirectory(Path.of("/proc/self")));
        Cli cli = run(words, Path.of("/proc/hiervl/out"));
        assertEquals(6, cli.exit(), words + ": " + cli.err());
        assertTrue(cli.err().contains("/proc/hiervl"), cli.err());
        assertFalse(cli.err().contains("Exception") || cli.err().contains("\tat "), cli.err());
    }

    @Test
    void aFolderInPlaceOfAFile() throws IOException {
        Path folder = Files.createDirectories(dir.resolve("a-folder"));
        for (String line : List.of("export --model none --format onnx --out OUT", "clip embed graphs/tiny-clip --text a --out OUT")) {
            Cli cli = run(Arrays.asList(line.split(" ")), folder);
            assertEquals(6, cli.exit(), cli.err());
            assertTrue(cli.err().contains(folder + ": it is a folder"), cli.err());
        }
        try (Stream<Path> inside = Files.list(folder)) {
            assertEquals(0, inside.count());
        }
    }
}
