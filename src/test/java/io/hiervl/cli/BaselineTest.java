package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.config.Recipes;
import io.hiervl.config.TrainConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a verdict compares a run with where that is asked for. */
class BaselineTest {
    private static final List<String> SMALL = List.of("--recipe", "tiny", "--set", "train.steps=4", "--set", "train.batch_labelled=2",
        "--set", "train.batch_unlabelled=2", "--set", "model.n_dec=1", "--set", "train.log_every=1", "--set", "train.ema=true");

    @TempDir
    Path dir;

    private Cli train(String... more) throws Exception {
        Path few = dir.resolve("few.txt");
        if (!Files.exists(few)) {
            List<String> val = Files.readAllLines(Path.of("datasets/tiny/val.txt"));
            Files.write(few, val.subList(0, 4));
        }
        return Cli.run(Stream.of(Stream.of("train", "--out", dir.resolve("run"), "--val", few), SMALL.stream(), Stream.of(more))
            .flatMap(s -> s).toArray());
    }

    @Test
    void aSupervisedRunOfTheSameTimeIsTrainedAndCompared() throws Exception {
        Cli first = train("--baseline", "--json");
        assertEquals(0, first.exit(), first.err());
        JsonNode document = first.json();
        assertTrue(document.path("baseline").path("miou").isNumber(), first.out());
        assertTrue(document.path("eval").has("boundary_f1"), first.out());
        assertTrue(first.err().contains("supervised-only, same time ("), first.err());
        assertTrue(first.err().contains("weights without their average"), first.err());
        assertTrue(first.err().contains("boundary F1"), first.err());
        Path baseline = dir.resolve("run/baseline");
        assertEquals(TrainConfig.Method.SUPERVISED,
            Recipes.load(baseline.resolve("resolved.yaml").toString(), List.of()).train().method());
        long steps = CheckpointStore.latest(baseline).orElseThrow().manifest().step();
        assertTrue(first.err().contains("(" + steps + " steps)"), first.err());
        assertFalse(Files.exists(dir.resolve("run/.plan")));
        // nothing is trained again, and the verdict is the same
        Cli again = train("--baseline", "--json", "--resume");
        assertEquals(0, again.exit(), again.err());
        assertEquals(document.path("baseline").path("miou"), again.json().path("baseline").path("miou"));
        assertFalse(again.err().contains("timing two supervised steps"), again.err());
    }

    @Test
    void whatCannotBeComparedIsRefusedBeforeTraining() throws Exception {
        Cli supervised = train("--baseline", "--set", "train.method=supervised");
        assertEquals(2, supervised.exit(), supervised.err());
        assertTrue(supervised.err().contains("and so does this run"), supervised.err());
        Cli blind = train("--baseline", "--no-eval");
        assertEquals(2, blind.exit(), blind.err());
        assertFalse(Files.exists(dir.resolve("run/checkpoints")));
    }
}
