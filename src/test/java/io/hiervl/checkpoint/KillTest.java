package io.hiervl.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.op.SameDiffOps;
import io.hiervl.runlog.RunLog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Kills a process that saves checkpoints and measures, at random times: the newest checkpoint is whole, and the table has every
 * row up to it. More kills: {@code mvn -q test -Dtest=KillTest -Dkills=300}.
 */
class KillTest {
    private static final int KILLS = Integer.getInteger("kills", 6);

    @TempDir
    Path run;

    @Test
    void nothingIsLost() throws Exception {
        SameDiffOps.start();
        Random random = new Random(KILLS);
        long newest = 0;
        for (int i = 0; i < KILLS; i++) {
            Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-cp", System.getProperty("java.class.path"), KillTest.class.getName(), run.toString()).redirectErrorStream(true)
                .redirectOutput(run.resolve("child.log").toFile()).start();
            Path ready = run.resolve("ready");
            while (!Files.exists(ready) && child.isAlive()) {
                Thread.sleep(5);
            }
            assertTrue(child.isAlive(), () -> log());
            Thread.sleep(random.nextInt(1500));
            child.destroyForcibly().waitFor(20, TimeUnit.SECONDS);
            Files.deleteIfExists(ready);
            Optional<Checkpoint> found = CheckpointStore.latest(run);
            if (found.isPresent()) {
                long step = found.get().manifest().step();
                assertTrue(step >= newest, "step " + step + " after step " + newest);
                newest = step;
                assertEquals((float) step, found.get().arrays(n -> true).get("p/w").getFloat(7));
                List<Long> rows =
                    Files.readAllLines(run.resolve("metrics.csv")).stream().skip(1).map(l -> Long.parseLong(l.split(",")[0])).toList();
                assertTrue(rows.containsAll(LongStream.rangeClosed(1, step).boxed().toList()), "rows " + rows + " for step " + step);
            }
        }
        assertTrue(newest > 0, "no step was saved");
    }

    private String log() {
        try {
            return Files.readString(run.resolve("child.log"));
        } catch (java.io.IOException e) {
            return e.toString();
        }
    }

    /** Steps as the trainer makes them: row, checkpoint, measurement. */
    public static void main(String[] args) throws Exception {
        SameDiffOps.start();
        Path run = Path.of(args[0]);
        CheckpointStore store = new CheckpointStore(run, 2);
        long step = store.latest().map(c -> c.manifest().step()).orElse(0L);
        try (RunLog log = new RunLog(run, step)) {
            Files.writeString(run.resolve("ready"), "");
            while (step < Long.MAX_VALUE) {
                step++;
                INDArray w = Nd4j.valueArrayOf(new long[] {64, 1024}, step, DataType.FLOAT);
                log.add(step, Map.of("loss", 1.0 / step));
                store.save(step, "", List.of("a", "b"), Map.of("p/w", w), Map.of());
                log.add(step, Map.of("val_miou", 0.5));
            }
        }
    }
}
