package io.hiervl.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Arrays on disk by the content of an image. */
class KeptArraysTest {
    /** Half a unit in the last of eleven bits. */
    private static final double HALF = 1.0 / 2048;

    @TempDir
    Path dir;

    private final AtomicInteger runs = new AtomicInteger();

    private static INDArray image(int seed) {
        return Nd4j.linspace(DataType.FLOAT, seed, 0.37, 48).reshape(1, 3, 4, 4);
    }

    private List<INDArray> twice(INDArray image) {
        runs.incrementAndGet();
        return List.of(image.mul(2), image.mul(1e6), image.sum(1));
    }

    private List<INDArray> of(KeptArrays kept, String what, INDArray image) {
        return kept.of(what, image, this::twice);
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(dir)) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void whatIsReadEqualsWhatWasMadeAndBothAreRounded() {
        KeptArrays kept = new KeptArrays(dir.resolve("a"), 1 << 20);
        List<INDArray> made = of(kept, "x", image(1));
        List<INDArray> read = of(new KeptArrays(dir.resolve("a"), 1 << 20), "x", image(1));
        assertEquals(1, runs.get());
        List<INDArray> exact = twice(image(1));
        for (int i = 0; i < exact.size(); i++) {
            assertEquals(made.get(i), read.get(i));
            double most = exact.get(i).amaxNumber().doubleValue();
            assertTrue(made.get(i).sub(exact.get(i)).amaxNumber().doubleValue() <= HALF * most, "array " + i);
        }
        assertTrue(made.get(1).amaxNumber().doubleValue() > 65_536, "larger than 16-bit floats go");
    }

    @Test
    void anotherImageAndOtherWeightsAreOtherArrays() {
        KeptArrays kept = new KeptArrays(dir, 1 << 20);
        of(kept, "x", image(1));
        of(kept, "x", image(2));
        of(kept, "y", image(1));
        assertEquals(3, runs.get());
        INDArray other = image(1);
        other.putScalar(new int[] {0, 1, 2, 3}, other.getDouble(0, 1, 2, 3) + 1e-4);
        of(kept, "x", other);
        assertEquals(4, runs.get());
    }

    @Test
    void damagedAndTornFilesAreMadeAgain() throws IOException {
        KeptArrays kept = new KeptArrays(dir, 1 << 20);
        List<INDArray> made = of(kept, "x", image(1));
        Path file = files().get(0);
        byte[] whole = Files.readAllBytes(file);
        for (int at : new int[] {0, 5, 40, whole.length - 1}) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 1;
            Files.write(file, damaged);
            assertEquals(made, of(new KeptArrays(dir, 1 << 20), "x", image(1)), "byte " + at);
        }
        Files.write(file, java.util.Arrays.copyOf(whole, whole.length / 2));
        assertEquals(made, of(new KeptArrays(dir, 1 << 20), "x", image(1)));
        Files.write(file, new byte[0]);
        assertEquals(made, of(new KeptArrays(dir, 1 << 20), "x", image(1)));
        assertEquals(7, runs.get());
    }

    @Test
    void sizesThatNoFileHasAreMadeAgainThoughTheCheckSumFits() throws IOException {
        List<INDArray> made = of(new KeptArrays(dir, 1 << 20), "x", image(1));
        Path file = files().get(0);
        byte[] whole = Files.readAllBytes(file);
        for (int at : new int[] {4, 8, 12, 16}) { // the number of arrays, the rank, two sizes
            for (int claimed : new int[] {Integer.MAX_VALUE, -1, 70_000}) {
                ByteBuffer in = ByteBuffer.wrap(whole.clone()).order(ByteOrder.LITTLE_ENDIAN).putInt(at, claimed);
                CRC32C sum = new CRC32C();
                sum.update(in.array(), 0, whole.length - 4);
                Files.write(file, in.putInt(whole.length - 4, (int) sum.getValue()).array());
                assertEquals(made, of(new KeptArrays(dir, 1 << 20), "x", image(1)), at + ": " + claimed);
            }
        }
    }

    @Test
    void whatIsKeptFollowsNoLink() throws IOException {
        of(new KeptArrays(dir.resolve("a"), 1 << 20), "x", image(1));
        Path file = files().get(0);
        Path victim = Files.writeString(dir.resolve("victim"), "precious");
        Files.delete(file);
        Files.createSymbolicLink(file, victim);
        of(new KeptArrays(dir.resolve("a"), 1 << 20), "x", image(1));
        assertEquals("precious", Files.readString(victim));
    }

    @Test
    void withoutRoomTheArraysAreTheSame() throws IOException {
        List<INDArray> made = of(new KeptArrays(dir.resolve("room"), 1 << 20), "x", image(1));
        long one = Files.size(files().get(0));
        KeptArrays tight = new KeptArrays(dir.resolve("tight"), one);
        of(tight, "x", image(2));
        assertEquals(made, of(tight, "x", image(1)));
        assertEquals(made, of(tight, "x", image(1)));
        assertEquals(4, runs.get(), "made, not read");
        of(tight, "x", image(2));
        assertEquals(4, runs.get());
        Path blocked = Files.write(dir.resolve("file"), new byte[1]);
        assertEquals(made, of(new KeptArrays(blocked.resolve("folder"), 1 << 20), "x", image(1)));
    }

    @Test
    void theLastOneTakesTheFilesAlong() throws IOException {
        KeptArrays kept = new KeptArrays(dir.resolve("a"), 1 << 20);
        of(kept, "x", image(1));
        kept.close(false);
        assertEquals(1, files().size());
        kept.close(true);
        assertFalse(Files.exists(dir.resolve("a")));
    }
}
