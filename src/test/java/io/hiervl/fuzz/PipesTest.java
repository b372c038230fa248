package io.hiervl.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.checkpoint.BestCheckpoint;
import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.checkpoint.RunLock;
import io.hiervl.runlog.RunLog;
import io.hiervl.train.StartWeights;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Pipes in a run folder that somebody else made: who opens one waits for ever. */
@EnabledOnOs({OS.LINUX, OS.MAC})
class PipesTest {
    @TempDir
    Path run;

    @BeforeEach
    void folders() throws Exception {
        Files.createDirectories(run.resolve("checkpoints/step-000000001"));
    }

    private void pipe(String name) throws Exception {
        assertEquals(0, new ProcessBuilder("mkfifo", run.resolve(name).toString()).start().waitFor());
    }

    private static void refused(Executable work) {
        HierVlException e = assertTimeoutPreemptively(Duration.ofSeconds(5), () -> assertThrows(HierVlException.class, work));
        assertTrue(e.getMessage().contains("pipe or a device"), e.getMessage());
    }

    @Test
    void theLockIsNoPipe() throws Exception {
        pipe("run.lock");
        refused(() -> RunLock.take(run));
    }

    @Test
    void theLockAndTheTableFollowNoLinks() throws Exception {
        Path victim = Files.writeString(Files.createDirectories(run.resolve("elsewhere")).resolve("victim"), "precious");
        Path lock = Files.createSymbolicLink(run.resolve("run.lock"), victim);
        assertTrue(assertThrows(HierVlException.class, () -> RunLock.take(run)).getMessage().contains("is a link"));
        Files.delete(lock);
        Files.createLink(lock, victim);
        assertTrue(assertThrows(HierVlException.class, () -> RunLock.take(run)).getMessage().contains("is a link"));
        Path outside = Files.createSymbolicLink(run.resolve("checkpoints/metrics.csv"), victim);
        new RunLog(run.resolve("checkpoints"), 0).close();
        assertTrue(Files.isRegularFile(outside, LinkOption.NOFOLLOW_LINKS));
        assertEquals("precious", Files.readString(victim));
    }

    @Test
    void theTableOfMetricsIsNoPipe() throws Exception {
        pipe("metrics.csv");
        refused(() -> new RunLog(run, 0).close());
    }

    @Test
    void theNoteOnTheBestCheckpointIsNoPipe() throws Exception {
        pipe("checkpoints/best.json");
        assertEquals(Optional.empty(), assertTimeoutPreemptively(Duration.ofSeconds(5), () -> BestCheckpoint.of(run)));
    }

    @Test
    void theManifestIsNoPipe() throws Exception {
        pipe("checkpoints/step-000000001/manifest.json");
        HierVlException e = assertTimeoutPreemptively(Duration.ofSeconds(5),
            () -> assertThrows(HierVlException.class, () -> CheckpointStore.find(run.resolve("checkpoints/step-000000001"))));
        assertEquals(4, e.kind().exitCode());
    }

    @Test
    void theCheckpointIsNoPipe() throws Exception {
        pipe("model.sd");
        refused(() -> CheckpointStore.find(run.resolve("model.sd")));
        refused(() -> StartWeights.read(run.resolve("model.sd")));
    }
}
