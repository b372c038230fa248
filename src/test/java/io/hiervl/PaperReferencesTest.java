package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/paper.md and the code speak of each other: references to sections, names of classes and keys of settings exist. */
class PaperReferencesTest {
    private static final Path PAPER = Path.of("docs/paper.md");
    /** A text of that name is no part of this repository. The name is put together, because this file may not hold it either. */
    private static final String FORMER = "hiervl" + ".md";
    private static final Pattern NUMBERS = Pattern.compile("(?<![\\w.])(\\d+(?:\\.\\d+)?)(?![\\w])");
    /** The page's name and the numbers that follow it: "paper.md 3.2 to 3.4", "paper.md 7.1, 7.3 and 0.6", "paper.md 5". */
    private static final Pattern REFERENCE = Pattern.compile("paper\\.md((?:(?:,| and| to|\\s|\\*)+\\d+(?:\\.\\d+)?(?![\\w]))+)");

    @Test
    void everySectionThatTheCodeNamesExists() throws IOException {
        Set<String> sections = sections();
        Set<String> missing = new TreeSet<>();
        int found = 0;
        for (Path file : sources("src/main", "src/test")) {
            Matcher reference = REFERENCE.matcher(Files.readString(file));
            while (!file.endsWith("PaperReferencesTest.java") && reference.find()) {
                Matcher number = NUMBERS.matcher(reference.group(1));
                while (number.find()) {
                    found++;
                    if (!sections.contains(number.group(1))) {
                        missing.add(file.getFileName() + ": " + number.group(1));
                    }
                }
            }
        }
        assertEquals(Set.of(), missing, "sections that docs/paper.md does not have");
        assertTrue(found > 40, found + " references");
    }

    @Test
    void nothingRefersToATextOutsideTheRepository() throws IOException {
        List<String> left = new ArrayList<>();
        for (Path file : sources("src/main", "src/test", "docs")) {
            if (Files.readString(file).contains(FORMER)) {
                left.add(file.toString());
            }
        }
        assertEquals(List.of(), left, "files that name " + FORMER);
    }

    @Test
    void everyClassOfThePageExists() throws IOException {
        Set<String> classes = sources("src/main").stream().map(p -> p.getFileName().toString().replace(".java", ""))
            .collect(Collectors.toSet());
        Set<String> missing = new TreeSet<>(quoted("[A-Z][A-Za-z0-9]+"));
        assertTrue(missing.size() > 50, "classes: " + missing);
        missing.removeAll(classes);
        assertEquals(Set.of(), missing, "classes that docs/paper.md names and src/main lacks");
    }

    @Test
    void everyEquationNamesAClass() throws IOException {
        String text = Files.readString(PAPER);
        Set<String> equations = new TreeSet<>();
        Matcher row = Pattern.compile("(?m)^\\| (\\d) \\| [^|]+ \\| `[A-Z]\\w+` \\| \\[").matcher(text);
        while (row.find()) {
            equations.add(row.group(1));
        }
        assertEquals(IntStream.rangeClosed(1, 8).mapToObj(String::valueOf).collect(Collectors.toCollection(TreeSet::new)), equations);
    }

    @Test
    void everySettingOfThePageExists() throws IOException {
        Set<String> keys = new TreeSet<>();
        String section = "";
        for (String line : Files.readAllLines(Path.of("src/main/resources/recipes/default.yaml"))) {
            Matcher key = Pattern.compile("^( *)(\\w+):").matcher(line);
            if (key.find()) {
                section = key.group(1).isEmpty() ? key.group(2) : section;
                keys.add(section + "." + key.group(2));
            }
        }
        Set<String> missing = new TreeSet<>(quoted("(?:model|loss|augment|train|eval)\\.\\w+"));
        assertTrue(missing.size() > 40, "settings: " + missing);
        missing.removeAll(keys);
        assertEquals(Set.of(), missing, "settings that docs/paper.md names and no recipe has");
    }

    /** What stands between backquotes and looks like this, up to a colon or the end. */
    private static Set<String> quoted(String pattern) throws IOException {
        Set<String> found = new TreeSet<>();
        Matcher m = Pattern.compile("`(" + pattern + ")(?::[^`]*)?`").matcher(Files.readString(PAPER));
        while (m.find()) {
            found.add(m.group(1));
        }
        return found;
    }

    private static Set<String> sections() throws IOException {
        Set<String> found = new TreeSet<>();
        Matcher heading = Pattern.compile("(?m)^#{2,3} (\\d+(?:\\.\\d+)?)\\.? ").matcher(Files.readString(PAPER));
        while (heading.find()) {
            assertTrue(found.add(heading.group(1)), "section " + heading.group(1) + " twice");
        }
        return found;
    }

    private static List<Path> sources(String... roots) {
        List<Path> files = new ArrayList<>();
        for (String root : roots) {
            try (Stream<Path> all = Files.walk(Path.of(root))) {
                all.filter(p -> p.toString().matches(".*\\.(java|md|py)")).forEach(files::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return files;
    }
}
