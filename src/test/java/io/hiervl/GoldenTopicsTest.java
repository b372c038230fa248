package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** A topic of the fixtures that no test walks must not pass unnoticed. */
class GoldenTopicsTest {
    private static final Set<String> KNOWN = Set.of("clip", "end_to_end", "hiervl", "image", "mask2former", "metrics", "optim", "sliding", "torch_ops");

    @Test
    void everyTopicHasATest() throws IOException {
        String root = System.getProperty("golden.dir");
        Assumptions.assumeTrue(root != null && Files.isDirectory(Path.of(root)), "golden fixtures not found: golden.dir=" + root);
        Set<String> unknown = new TreeSet<>();
        try (Stream<Path> entries = Files.list(Path.of(root))) {
            entries.filter(Files::isDirectory).map(p -> p.getFileName().toString()).forEach(unknown::add);
        }
        unknown.removeAll(KNOWN);
        assertEquals(Set.of(), unknown, "topics without a golden test");
    }
}
