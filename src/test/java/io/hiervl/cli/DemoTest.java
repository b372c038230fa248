package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.checkpoint.CheckpointStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first command of README.md, with few steps. */
class DemoTest {
    /** Small batches: the test asks how the runs go together, not how good they are. */
    private static final List<String> SMALL = List.of("train.batch_labelled=2", "train.batch_unlabelled=2", "train.warmup=1");

    @TempDir
    Path dir;

    private Cli demo(Object... more) {
        List<Object> args = new ArrayList<>(List.of("demo", "--out", dir.resolve("demo")));
        SMALL.forEach(s -> args.addAll(List.of("--set", s)));
        args.addAll(List.of(more));
        return Cli.run(args.toArray());
    }

    @Test
    void everyTrainedRowHasTheSameStepsAndTheReportShowsThem() throws Exception {
        Cli first = demo("--steps", "2", "--json");
        assertEquals(0, first.exit(), first.err());
        JsonNode table = first.json().get("table");
        assertEquals(List.of("clip", "supervised", "hiervl"), table.findValuesAsText("method"));
        assertTrue(table.get(0).get("miou").asDouble() > 0.4, "the frozen CLIP knows these scenes: " + table);
        for (String method : List.of("supervised", "hiervl")) {
            assertEquals(2, CheckpointStore.find(dir.resolve("demo").resolve(method + "-8-s0")).manifest().step());
        }
        String report = Files.readString(dir.resolve("demo/report.html"));
        assertTrue(report.contains("hiervl") && report.contains("<img"), "the report has a table and pictures");

        Cli again = demo("--set", "train.steps=1");
        assertEquals(0, again.exit(), again.err());
        assertTrue(again.out().contains("report: "), again.out());
        assertEquals(1, CheckpointStore.find(dir.resolve("demo/hiervl-8-s0")).manifest().step(), "--set is the last word");
        assertTrue(Files.isDirectory(dir.resolve("demo/hiervl-8-s0.old1")), "an older run is moved, not lost");
    }

    @Test
    void aBadNumberOfStepsIsRefusedBeforeAnythingIsTrained() {
        Cli none = demo("--steps", "0");
        assertEquals(2, none.exit(), none.err());
        assertTrue(none.err().contains("--steps is 0"), none.err());
        assertTrue(Files.notExists(dir.resolve("demo/supervised-8-s0")));
    }
}
