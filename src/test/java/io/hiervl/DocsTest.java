package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** README and the pages of docs: links lead somewhere, and sentences are short enough for readers of another language. */
class DocsTest {
    private static final int LONGEST_SENTENCE = 30;
    private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} (.+)$");

    private static List<Path> pages() throws IOException {
        try (Stream<Path> docs = Files.list(Path.of("docs"))) {
            List<Path> pages = docs.filter(p -> p.toString().endsWith(".md")).sorted().collect(Collectors.toCollection(ArrayList::new));
            pages.add(0, Path.of("README.md"));
            return pages;
        }
    }

    @Test
    void everyLinkLeadsToAFileAndASection() throws IOException {
        Set<String> broken = new TreeSet<>();
        int links = 0;
        for (Path page : pages()) {
            Matcher link = LINK.matcher(withoutCode(Files.readString(page)));
            while (link.find()) {
                String target = link.group(1);
                if (target.matches("[a-z]+:.*")) {
                    continue;
                }
                links++;
                String[] parts = target.split("#", 2);
                Path file = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]).normalize();
                if (!Files.exists(file) || parts.length == 2 && !anchors(file).contains(parts[1])) {
                    broken.add(page + ": " + target);
                }
            }
        }
        assertEquals(Set.of(), broken, "links that lead nowhere");
        assertTrue(links > 20, links + " links");
    }

    @Test
    void everyPageIsReachedFromTheReadme() throws IOException {
        Set<Path> reached = new TreeSet<>();
        List<Path> next = new ArrayList<>(List.of(Path.of("README.md")));
        while (!next.isEmpty()) {
            Path page = next.remove(0);
            if (!reached.add(page)) {
                continue;
            }
            Matcher link = LINK.matcher(withoutCode(Files.readString(page)));
            while (link.find()) {
                Path target = page.resolveSibling(link.group(1).split("#")[0]).normalize();
                if (target.toString().endsWith(".md") && Files.exists(target)) {
                    next.add(target);
                }
            }
        }
        Set<Path> lost = new TreeSet<>(pages());
        lost.removeAll(reached);
        assertEquals(Set.of(), lost, "pages that no link leads to");
    }

    @Test
    void noSentenceIsTooLong() throws IOException {
        List<String> tooLong = new ArrayList<>();
        for (Path page : pages()) {
            for (String sentence : sentences(Files.readString(page))) {
                long words = Stream.of(sentence.split("\\s+")).filter(w -> w.matches(".*[\\p{L}\\p{N}].*")).count();
                if (words > LONGEST_SENTENCE) {
                    tooLong.add(page + ": " + words + " words: " + sentence);
                }
            }
        }
        assertEquals(List.of(), tooLong, "sentences of more than " + LONGEST_SENTENCE + " words");
    }

    @Test
    void sentencesAreCountedAsAReaderCountsThem() {
        String page = """
            # A heading. Not a sentence.
            One sentence with a number of 3.5 and `some code. More` in it
            over two lines. **Another one!** A third.

            | a table. | is left out |

            - an item
              of two lines
            - another item: with [a link](to.md). And more
            ```
            code. is left out
            ```
            The end
            """;
        assertEquals(List.of("One sentence with a number of 3.5 and code in it over two lines.", "**Another one!**", "A third.",
            "an item of two lines", "another item: with a link.", "And more", "The end"), sentences(page));
    }

    private static String withoutCode(String text) {
        return text.replaceAll("(?ms)^```.*?^```\\s*?$", "").replaceAll("(?s)<!--.*?-->", "");
    }

    /** The sentences of a page's paragraphs and lists; inline code counts as one word. */
    private static List<String> sentences(String text) {
        List<String> result = new ArrayList<>();
        StringBuilder paragraph = new StringBuilder();
        for (String line : (withoutCode(text) + "\n\n").split("\n", -1)) {
            boolean item = line.matches("\\s*([-*]|\\d+\\.) .*");
            if (line.isBlank() || line.startsWith("#") || line.startsWith("|") || item) {
                split(paragraph.toString(), result);
                paragraph.setLength(0);
            }
            if (!line.startsWith("#") && !line.startsWith("|")) {
                paragraph.append(item ? line.replaceFirst("\\s*([-*]|\\d+\\.) ", "") : line).append(' ');
            }
        }
        return result;
    }

    private static void split(String paragraph, List<String> result) {
        String plain = paragraph.replaceAll("`[^`]*`", "code").replaceAll("!?\\[([^\\]]*)\\]\\([^)]*\\)", "$1")
            .replaceAll("<[^>]+>", " ").replaceAll("\\s+", " ").strip();
        for (String sentence : plain.split("(?<=[.!?]|[.!?]\\*\\*)(?=\\s+\\S)")) {
            if (!sentence.isBlank()) {
                result.add(sentence.strip());
            }
        }
    }

    /** Anchors of a page's headings, as GitHub makes them. */
    private static Set<String> anchors(Path page) throws IOException {
        Set<String> found = new TreeSet<>();
        Matcher heading = HEADING.matcher(withoutCode(Files.readString(page)));
        while (heading.find()) {
            found.add(heading.group(1).toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'));
        }
        return found;
    }
}
