package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.checkpoint.RunLock;
import io.hiervl.report.ExperimentTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExperimentTest {
    private static final String RUNS = """
        name: small
        recipe: tiny
        labels: [8]
        seeds: [0, 1]
        clip: true
        rows:
          supervised: [train.method=supervised, train.steps=1, train.batch_labelled=1, model.n_dec=1]
        """;

    @TempDir
    Path dir;

    @Test
    void everyCellIsMeasuredOnceAndACellInWorkElsewhereIsLeftAlone() throws IOException {
        Path file = Files.writeString(dir.resolve("small.yaml"), RUNS);
        Path out = dir.resolve("out");
        Cli first;
        try (RunLock elsewhere = RunLock.take(out.resolve("supervised-8-s1"))) {
            first = Cli.run("experiment", file, "--out", out);
        }
        assertEquals(0, first.exit(), first.err());
        assertTrue(first.out().contains("| supervised | "), first.out());
        assertFalse(Files.exists(out.resolve("supervised-8-s1/result.json")));
        FileTime before = Files.getLastModifiedTime(out.resolve("supervised-8-s0/result.json"));
        Cli second = Cli.run("experiment", file, "--out", out);
        assertEquals(0, second.exit(), second.err());
        assertEquals(before, Files.getLastModifiedTime(out.resolve("supervised-8-s0/result.json")));
        assertEquals(4, Files.readAllLines(out.resolve("small.csv")).size());
        assertEquals(second.out(), Cli.run("experiment", file, "--out", out, "--table").out());
        Cli changed = Cli.run("experiment", file, "--out", out, "--set", "train.lr=1e-5");
        assertEquals(3, changed.exit());
        assertTrue(changed.err().contains("other settings"), changed.err());
    }

    @Test
    void mistakesAreFoundBeforeAnythingIsTrained() throws IOException {
        Path file = Files.writeString(dir.resolve("wrong.yaml"), RUNS + "  other: [train.stpes=1]\n");
        Cli cli = Cli.run("experiment", file, "--out", dir.resolve("out"));
        assertEquals(3, cli.exit());
        assertTrue(cli.err().contains("'train.steps'"), cli.err());
        assertTrue(Files.notExists(dir.resolve("out")));
    }

    @Test
    void tableGivesMeanAndSampleDeviation() {
        ExperimentTable table = new ExperimentTable()
            .add(new ExperimentTable.Entry("clip", 0, 0, 0.5, 0.9, 0))
            .add(new ExperimentTable.Entry("a", 8, 0, 0.4, 0.9, 3))
            .add(new ExperimentTable.Entry("a", 8, 1, 0.6, 0.9, 3))
            .add(new ExperimentTable.Entry("a", 24, 0, 0.7, 0.9, 3));
        assertEquals("""
            | row | 8 labels | 24 labels |
            |---|---|---|
            | clip | 50.0 | 50.0 |
            | a | 50.0 ± 14.1 (2) | 70.0 |
            """, table.markdown());
        assertEquals("a,24,0,0.7000,0.9000,3", table.csv().lines().toList().get(4));
    }
}
