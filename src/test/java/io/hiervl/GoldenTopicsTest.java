package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** A topic of the fixtures that no test walks must not pass unnoticed, and the committed set must hold them all. */
class GoldenTopicsTest {
    private static final Set<String> KNOWN =
        Set.of("clip", "end_to_end", "hiervl", "image", "mask2former", "metrics", "optim", "sliding", "torch_ops");

    @Test
    void everyTopicHasATest() throws IOException {
        Path root = GoldenFixtures.Source.SHARED.root();
        Assumptions.assumeTrue(root != null && Files.isDirectory(root), "golden fixtures not found: golden.dir=" + root);
        Set<String> unknown = topics(root);
        unknown.removeAll(KNOWN);
        assertEquals(Set.of(), unknown, "topics without a golden test");
    }

    @Test
    void theCommittedSetHasEveryTopicAndIsSmall() throws IOException {
        Path root = GoldenFixtures.Source.COMMITTED.root();
        assertEquals(new TreeSet<>(KNOWN), topics(root));
        long bytes = 0;
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                bytes += Files.size(file);
            }
        }
        assertTrue(bytes < 3_000_000, bytes + " bytes");
    }

    private static Set<String> topics(Path root) throws IOException {
        try (Stream<Path> entries = Files.list(root)) {
            return entries.filter(Files::isDirectory).map(p -> p.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
