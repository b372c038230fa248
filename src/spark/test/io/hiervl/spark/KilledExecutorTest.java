package io.hiervl.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.checkpoint.CheckpointStore;
import io.hiervl.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** Executors that die in the middle. Minutes: runs with {@code -Dhiervl.testjvm=-Dhiervl.long=true}. */
@Tag("spark")
@EnabledIfSystemProperty(named = "hiervl.long", matches = "true")
class KilledExecutorTest {
    private static final int PHOTOS = 2000;

    @TempDir
    Path folder;

    private static void await(LocalCluster cluster, String what, BooleanSupplier condition) throws Exception {
        long end = System.nanoTime() + 240_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(cluster.process.isAlive() && System.nanoTime() < end, () -> "no " + what + "\n" + cluster.errors());
            Thread.sleep(50);
        }
    }

    private static long parts(Path table) {
        try (Stream<Path> all = Files.list(table)) {
            return all.filter(p -> p.getFileName().toString().startsWith("part-")).count();
        } catch (IOException e) {
            return 0;
        }
    }

    /** Every photo has one row and one picture, whoever was killed. */
    private static void requireEachOnce(Path out, int photos) throws Exception {
        Set<String> paths = new HashSet<>();
        int rows = 0;
        try (Stream<Path> all = Files.list(out.resolve("photos.parquet"))) {
            for (Path part : all.filter(p -> p.getFileName().toString().startsWith("part-")).toList()) {
                try (ParquetReader<Group> reader =
                    ParquetReader.builder(new GroupReadSupport(), new org.apache.hadoop.fs.Path(part.toUri())).build()) {
                    for (Group row = reader.read(); row != null; row = reader.read()) {
                        rows++;
                        paths.add(row.getString("path", 0));
                        assertEquals(0, row.getFieldRepetitionCount("error"), row::toString);
                        assertTrue(Files.exists(Path.of(row.getString("labels", 0))), row::toString);
                    }
                }
            }
        }
        assertEquals(photos, rows);
        assertEquals(photos, paths.size());
    }

    @Test
    void nothingIsLostOrDoneTwiceWhenAnExecutorIsKilled() throws Exception {
        Path photos = folder.resolve("photos");
        TinyModel.draw(photos, PHOTOS, 32);
        Path model = TinyModel.train(folder.resolve("model"), 1);
        Path out = folder.resolve("out");
        try (LocalCluster cluster =
            LocalCluster.start(folder, Main.class, "spark", "predict", "--model", model, "--out", out, photos)) {
            await(cluster, "part", () -> parts(out.resolve("photos.parquet")) >= 2);
            ProcessHandle victim = cluster.executors().get(0);
            assertTrue(victim.destroyForcibly());
            long before = parts(out.resolve("photos.parquet"));
            cluster.await(280);
            assertEquals(0, cluster.process.exitValue(), cluster::errors);
            assertTrue(before < parts(out.resolve("photos.parquet")), "the executor died after the work");
        }
        requireEachOnce(out, PHOTOS);
    }

    @Test
    void aStoppedRunGoesOnWhereItWas() throws Exception {
        Path photos = folder.resolve("photos");
        TinyModel.draw(photos, 600, 32);
        Path model = TinyModel.train(folder.resolve("model"), 1);
        Path out = folder.resolve("out");
        try (LocalCluster cluster =
            LocalCluster.start(folder, Main.class, "spark", "predict", "--model", model, "--out", out, photos)) {
            await(cluster, "part", () -> parts(out.resolve("photos.parquet")) >= 2);
        }
        long done = parts(out.resolve("photos.parquet"));
        assertFalse(Files.exists(out.resolve("photos.parquet/_SUCCESS")), "killed too late");
        try (LocalCluster cluster =
            LocalCluster.start(folder, Main.class, "spark", "predict", "--model", model, "--out", out, photos, "--resume")) {
            cluster.await(280);
            assertEquals(0, cluster.process.exitValue(), cluster::errors);
            assertTrue(cluster.errors().matches("(?s).*\\n[1-9]\\d* photos are done, \\d+ are left.*"), cluster.errors());
        }
        assertTrue(done > 0);
        requireEachOnce(out, 600);
    }

    private Object[] train(Path out, String... more) {
        return Stream.of(Stream.of("spark", "train", "--recipe", "tiny", "--out", out.toString(), "--executors", "2", "--set",
            "train.steps=60", "--set", "train.checkpoint_every=5"), TinyModel.SETTINGS.stream().flatMap(s -> Stream.of("--set", s)),
            Stream.of(more)).flatMap(s -> s).toArray();
    }

    private static boolean hasCheckpoint(Path out) {
        try (Stream<Path> all = Files.list(out.resolve("checkpoints"))) {
            return all.anyMatch(p -> Files.exists(p.resolve("manifest.json")));
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void trainingGoesOnFromTheLastCheckpoint() throws Exception {
        Path out = folder.resolve("run");
        try (LocalCluster cluster = LocalCluster.start(folder, Main.class, train(out))) {
            await(cluster, "checkpoint", () -> hasCheckpoint(out));
            assertTrue(cluster.executors().get(0).destroyForcibly());
            String printed = cluster.await(280);
            assertEquals(0, cluster.process.exitValue(), cluster::errors);
            assertTrue(cluster.errors().contains("an executor was lost"), cluster::errors);
            assertTrue(printed.contains("finished after step 60 on 2 executors") && printed.contains("with 1 restarts"), printed);
        }
        assertEquals(60, CheckpointStore.find(out).manifest().step());
    }

    @Test
    void trainingStopsWithAMessageWhereThatIsAskedFor() throws Exception {
        Path out = folder.resolve("run");
        try (LocalCluster cluster = LocalCluster.start(folder, Main.class, train(out, "--on-loss", "stop"))) {
            await(cluster, "checkpoint", () -> hasCheckpoint(out));
            assertTrue(cluster.executors().get(0).destroyForcibly());
            cluster.await(280);
            assertEquals(6, cluster.process.exitValue(), cluster::errors);
            assertTrue(cluster.errors().matches("(?s).*hiervl: an executor was lost .*; the last checkpoint is that of step \\d+; "
                + "the same command with --resume goes on from it.*"), cluster::errors);
        }
    }
}
