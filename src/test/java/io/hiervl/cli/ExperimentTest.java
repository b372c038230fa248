package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.checkpoint.RunLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
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
        Files.createDirectories(out.resolve("supervised-8-s0/run/checkpoints")); // killed before its first checkpoint
        Cli first;
        try (RunLock elsewhere = RunLock.take(out.resolve("supervised-8-s1"))) {
            first = Cli.run("experiment", file, "--out", out, "--jobs", "1");
        }
        assertEquals(0, first.exit(), first.err());
        assertTrue(first.out().contains("| supervised | "), first.out());
        assertFalse(Files.exists(out.resolve("supervised-8-s1/result.json")));
        FileTime before = Files.getLastModifiedTime(out.resolve("supervised-8-s0/result.json"));
        Cli second = Cli.run("experiment", file, "--out", out, "--jobs", "1");
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
        Path noList = Files.writeString(dir.resolve("list.yaml"), RUNS.replace("labels: [8]", "labels: [8, 7]"));
        Cli missing = Cli.run("experiment", noList, "--out", dir.resolve("out"));
        assertEquals(3, missing.exit());
        assertTrue(missing.err().contains("no list for 7 labelled images"), missing.err());
        assertTrue(Files.notExists(dir.resolve("out")));
    }

    /** Workers share the runs out, and what they make is what one process makes. */
    @Test
    void severalRunsAtATimeAndAnEstimateBefore() throws IOException {
        Path file = Files.writeString(dir.resolve("small.yaml"), RUNS);
        Path out = dir.resolve("out");
        Cli cli = Cli.run("experiment", file, "--out", out, "--jobs", "2");
        assertEquals(0, cli.exit(), cli.err());
        assertTrue(cli.err().contains("3 of 3 runs are to be made, 2 at a time: about "), cli.err());
        List<String> lines = Files.readAllLines(out.resolve("small.csv"));
        assertEquals(4, lines.size(), lines.toString());
        assertTrue(lines.get(3).matches("supervised,8,1,0\\.\\d{4},0\\.\\d{4},0\\.\\d{4},\\d+"), lines.get(3));
        assertTrue(Files.readString(out.resolve("small.svg")).contains("<svg"));
        assertTrue(Files.readString(out.resolve("small.tex")).contains("\\toprule"));
        assertFalse(Files.exists(out.resolve(".plan")));
        // nothing is left to do, so that nothing is timed
        Cli again = Cli.run("experiment", file, "--out", out, "--jobs", "2");
        assertFalse(again.err().contains("to be made"), again.err());
    }

    /** A run that cannot be made ends the experiment with the worker's exit code. */
    @Test
    void aFailureInAWorkerIsTheExitCode() throws IOException {
        Path file = Files.writeString(dir.resolve("small.yaml"), RUNS.replace("train.steps=1,", "train.steps=4, train.lr=1e30,"));
        Cli cli = Cli.run("experiment", file, "--out", dir.resolve("out"), "--jobs", "2", "--quiet");
        assertEquals(5, cli.exit(), cli.err());
    }

    @Test
    void jobsAndBaselineAreChecked() throws IOException {
        Path file = Files.writeString(dir.resolve("small.yaml"), RUNS);
        assertEquals(2, Cli.run("experiment", file, "--out", dir.resolve("out"), "--jobs", "0").exit());
        Path wrong = Files.writeString(dir.resolve("wrong.yaml"), RUNS + "baseline: unimatch\n");
        Cli cli = Cli.run("experiment", wrong, "--out", dir.resolve("out"));
        assertEquals(3, cli.exit());
        assertTrue(cli.err().contains("'unimatch' is none of the rows supervised"), cli.err());
    }

    @Test
    void settingsOfTheFileHoldForEveryRun() throws IOException {
        Path file = Files.writeString(dir.resolve("small.yaml"), RUNS + "settings: [train.stpes=1]\n");
        Cli cli = Cli.run("experiment", file, "--out", dir.resolve("out"));
        assertEquals(3, cli.exit());
        assertTrue(cli.err().contains("'train.steps'"), cli.err());
    }
}
