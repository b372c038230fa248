package io.hiervl.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import io.hiervl.op.SameDiffOps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class CheckpointStoreTest {
    private static final List<String> CLASSES = List.of("background", "cat", "dog");

    @TempDir
    Path run;
    private CheckpointStore store;

    @BeforeAll
    static void backend() {
        SameDiffOps.start();
    }

    @BeforeEach
    void open() {
        store = new CheckpointStore(run, 2);
    }

    private static Map<String, INDArray> arrays(double value) {
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        arrays.put("p/w", Nd4j.valueArrayOf(new long[] {40, 50}, value, DataType.FLOAT));
        arrays.put("m/w", Nd4j.zeros(DataType.FLOAT, 40, 50));
        return arrays;
    }

    private Checkpoint save(long step) {
        return store.save(step, "hash", CLASSES, arrays((double) step), Map.of("config", Map.of("train", Map.of("lr", 0.1)), "seed", 7));
    }

    /** As versions before the checksum wrote it. */
    private static String older(String manifest) {
        return manifest.replace("\"version\" : 2", "\"version\" : 1").replaceFirst("\"seal\" : \"[^\"]*\",", "");
    }

    @Test
    void everyChangeOfTheManifestIsNoticed() throws IOException {
        Path manifest = save(100).folder().resolve(Manifest.FILE);
        byte[] before = Files.readAllBytes(manifest);
        for (int i = 0; i < before.length; i++) {
            byte[] changed = before.clone();
            changed[i] ^= 1;
            Files.write(manifest, changed);
            assertEquals(HierVlException.Kind.MODEL, assertThrows(HierVlException.class, () -> Checkpoint.open(manifest)).kind(),
                "byte " + i);
        }
        Files.writeString(manifest, older(new String(before, java.nio.charset.StandardCharsets.UTF_8)));
        assertEquals(100, Checkpoint.open(manifest).manifest().step());
    }

    private void assertFallsBackTo(long step) {
        Checkpoint c = store.latest().orElseThrow();
        assertEquals(step, c.manifest().step());
        assertEquals((float) step, c.arrays(n -> n.equals("p/w")).get("p/w").getFloat(3, 3));
    }

    @Test
    void theNewestComesBackAndOldOnesGo() throws IOException {
        assertTrue(store.latest().isEmpty());
        for (int step = 100; step <= 300; step += 100) {
            save(step);
        }
        assertFallsBackTo(300);
        assertEquals(7L, store.latest().orElseThrow().manifest().details().get("seed"));
        try (Stream<Path> left = Files.list(run.resolve("checkpoints"))) {
            assertEquals(List.of("step-000000200", "step-000000300"), left.map(p -> p.getFileName().toString()).sorted().toList());
        }
        assertEquals(CheckpointStore.find(run).manifest(), CheckpointStore.find(run.resolve("checkpoints/step-000000300")).manifest());
    }

    @Test
    void theSameStepCanBeSavedAgain() {
        save(100);
        store.save(100, "other", CLASSES, arrays(5), Map.of());
        assertEquals("other", store.latest().orElseThrow().manifest().configHash());
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1, 0.5, 0.9, 0.99})
    void truncationIsFoundAndThePreviousUsed(double share) throws IOException {
        save(100);
        Path file = save(200).folder().resolve(Checkpoint.ARRAYS);
        byte[] all = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(all, (int) (all.length * share)));
        HierVlException e = assertThrows(HierVlException.class, () -> Checkpoint.open(run.resolve("checkpoints/step-000000200")));
        assertEquals(4, e.kind().exitCode());
        assertTrue(e.getMessage().contains("size " + (int) (all.length * share) + " \u2260 manifest " + all.length), e.getMessage());
        assertFallsBackTo(100);
    }

    @Test
    void aFlippedBitIsFoundAndThePreviousUsed() throws IOException {
        save(100);
        Checkpoint damaged = save(200);
        Path file = damaged.folder().resolve(Checkpoint.ARRAYS);
        byte[] all = Files.readAllBytes(file);
        all[all.length / 2] ^= 8;
        Files.write(file, all);
        String message = assertThrows(HierVlException.class, () -> damaged.arrays(n -> true)).getMessage();
        assertTrue(message.contains("SHA-256"), message);
        assertFallsBackTo(100);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "hello, I am a text", "{}", "null", "{\"format\":\"hiervl-checkpoint\",\"version\":1}",
        "{\"format\":\"hiervl-checkpoint\",\"version\":3}"})
    void foreignManifestsAreRefused(String content) throws IOException {
        save(100);
        Path manifest = save(200).folder().resolve(Manifest.FILE);
        Files.writeString(manifest, content);
        HierVlException e = assertThrows(HierVlException.class, () -> Checkpoint.open(manifest));
        assertEquals(HierVlException.Kind.MODEL, e.kind());
        if (content.contains("3")) {
            assertTrue(e.getMessage().contains("format 3, this build reads <= 2"), e.getMessage());
        }
        assertFallsBackTo(100);
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x", "/etc/hostname", "a/b", "..", ""})
    void filesOutsideTheFolderAreRefused(String name) throws IOException {
        Path manifest = save(100).folder().resolve(Manifest.FILE);
        Files.writeString(manifest, older(Files.readString(manifest)).replace(Checkpoint.ARRAYS, name));
        assertTrue(assertThrows(HierVlException.class, () -> Checkpoint.open(manifest)).getMessage().contains("plain names"));
    }

    @Test
    void whenAllAreDamagedTheNewestIsNamed() throws IOException {
        Files.delete(save(100).folder().resolve(Manifest.FILE));
        assertTrue(assertThrows(HierVlException.class, store::latest).getMessage().contains("step-000000100"));
    }

    @Test
    void aFailedSaveLeavesThePreviousOne() throws IOException {
        save(100);
        Map<String, INDArray> broken = arrays(1);
        INDArray closed = Nd4j.ones(3);
        closed.close();
        broken.put("p/closed", closed);
        assertThrows(IllegalArgumentException.class, () -> store.save(200, "h", CLASSES, broken, Map.of()));
        try (Stream<Path> left = Files.list(run.resolve("checkpoints"))) {
            assertEquals(1, left.count());
        }
        Files.createDirectories(run.resolve("checkpoints/.tmp-step-000000300-1"));
        open();
        assertFalse(Files.exists(run.resolve("checkpoints/.tmp-step-000000300-1")));
        assertFallsBackTo(100);
    }

    @Test
    void otherClassesAreNamed() {
        Manifest m = save(100).manifest();
        m.requireClasses(CLASSES);
        String classes = assertThrows(HierVlException.class, () -> m.requireClasses(List.of("background", "cow"))).getMessage();
        assertTrue(classes.contains("1: cat -> cow") && classes.contains("2: dog -> (none)"), classes);
    }

    @Test
    void aSecondTrainerIsKeptOut() {
        try (RunLock held = RunLock.take(run)) {
            HierVlException e = assertThrows(HierVlException.class, () -> RunLock.take(run));
            assertEquals(6, e.kind().exitCode());
            assertTrue(e.getMessage().contains("pid " + ProcessHandle.current().pid()), e.getMessage());
        }
        RunLock.take(run).close();
    }

    @Test
    void anUnwritableRunFolderIsFoundAtOnce() throws IOException {
        Path file = Files.writeString(run.resolve("file"), "");
        assertEquals(6, assertThrows(HierVlException.class, () -> new CheckpointStore(file, 2)).kind().exitCode());
    }

    @Test
    void readersBesideATrainingTakeTheNewestAgain() throws Exception {
        save(1);
        java.util.concurrent.atomic.AtomicBoolean done = new java.util.concurrent.atomic.AtomicBoolean();
        Thread training = new Thread(() -> {
            for (int step = 2; step < 80; step++) {
                save(step);
            }
            done.set(true);
        });
        training.start();
        int reads = 0;
        for (; !done.get() || reads < 20; reads++) {
            float value = CheckpointStore.read(run, c -> {
                LockSupport.parkNanos(1000);
                float v = c.arrays(n -> n.equals("p/w")).get("p/w").getFloat(3, 3);
                assertEquals((float) c.manifest().step(), v);
                return v;
            });
            assertTrue(value >= 1);
        }
        training.join();
        try (Stream<Path> left = Files.list(run.resolve("checkpoints"))) {
            assertEquals(2, left.count());
        }
    }
}
