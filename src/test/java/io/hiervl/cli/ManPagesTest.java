package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every command has a manual page that man(7) can set. */
class ManPagesTest {
    private static final List<String> MACROS = List.of(".TH ", ".SH ", ".TP", ".B ", ".nf", ".fi");

    @TempDir
    Path dir;

    @Test
    void everyCommandHasAPage() throws Exception {
        Cli made = Cli.run("completion", "--man", dir);
        assertEquals(0, made.exit(), made.err());
        for (String page : List.of("hiervl.1", "hiervl-train.1", "hiervl-data-import.1", "hiervl-clip-try.1")) {
            assertTrue(Files.exists(dir.resolve(page)), page);
        }
        String train = Files.readString(dir.resolve("hiervl-train.1"));
        assertTrue(train.startsWith(".TH HIERVL-TRAIN 1\n.SH NAME\nhiervl\\-train \\- Trains"), train);
        assertTrue(train.contains(".B \\-\\-resume\n"), "options are shown as they are typed");
        try (Stream<Path> pages = Files.list(dir)) {
            for (Path page : pages.toList()) {
                for (String line : Files.readAllLines(page)) {
                    assertTrue(!line.startsWith("'") && (!line.startsWith(".") || MACROS.stream().anyMatch(line::startsWith)),
                        page + ": " + line);
                }
            }
        }
    }
}
