package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** What the formatter cannot break, a long comment or a long string, is broken by hand. */
@EnabledIfSystemProperty(named = "hiervl.width", matches = "true")
class LineWidthTest {
    private static final int WIDEST = 140;

    @Test
    void noLineIsWiderThan140Characters() throws IOException {
        List<String> wide = new ArrayList<>();
        int files = 0;
        try (Stream<Path> all = Files.walk(Path.of("src"))) {
            for (Path file : all.filter(p -> p.toString().endsWith(".java")).sorted().toList()) {
                List<String> lines = Files.readAllLines(file);
                for (int i = 0; i < lines.size(); i++) {
                    if (lines.get(i).length() > WIDEST) {
                        wide.add(file + ":" + (i + 1) + " has " + lines.get(i).length() + " characters");
                    }
                }
                files++;
            }
        }
        assertEquals(List.of(), wide);
        assertTrue(files > 100, "the sources are looked for in the folder the build starts in");
    }
}
