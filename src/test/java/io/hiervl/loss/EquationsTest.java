package io.hiervl.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every equation of the paper is named by the one class that implements it. */
class EquationsTest {
    @Test
    void everyEquationHasItsClass() throws IOException {
        Map<Integer, String> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).sorted().toList()) {
                Matcher m = Pattern.compile("Equation (\\d) of the paper").matcher(Files.readString(file));
                while (m.find()) {
                    found.merge(Integer.parseInt(m.group(1)), file.getFileName().toString().replace(".java", ""),
                        (a, b) -> a + " and " + b);
                }
            }
        }
        assertEquals(Map.of(1, "CMSAM", 2, "QueryTextLoss", 3, "PromptTopologyLoss", 4, "PromptAnchorLoss", 5, "PromptLoss",
            6, "MaskedConsistencyLoss", 7, "PixelTextLoss", 8, "VisionLanguageLoss"), found);
    }
}
