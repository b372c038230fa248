package io.hiervl.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkTest {
    private static PhotoFile photo(int i, long bytes) {
        return new PhotoFile("/p/" + i, bytes, "" + i);
    }

    /** Photos from 20 KB to 20 MB: tasks that take the next chunk when they are free end at about the same time. */
    @ParameterizedTest
    @ValueSource(ints = {2, 16, 100})
    void partitionsStayBalancedWhenPhotosDiffer(int slots) {
        Random random = new Random(slots);
        List<PhotoFile> photos =
            IntStream.range(0, 5000).mapToObj(i -> photo(i, (long) (20e3 * Math.pow(1000, random.nextDouble())))).toList();
        List<Chunk> chunks = Chunk.cut(photos, slots, "x");
        long[] busy = new long[slots];
        for (Chunk c : chunks) {
            int free = IntStream.range(0, slots).reduce((a, b) -> busy[a] <= busy[b] ? a : b).orElseThrow();
            busy[free] += c.cost();
        }
        double mean = IntStream.range(0, slots).mapToLong(s -> busy[s]).average().orElseThrow();
        for (long b : busy) {
            assertEquals(mean, (double) b, 0.1 * mean);
        }
        Set<String> parts = new HashSet<>();
        List<PhotoFile> all = new ArrayList<>();
        chunks.forEach(c -> {
            assertTrue(c.photos().size() <= Chunk.MOST_PHOTOS);
            assertTrue(parts.add(c.part()));
            all.addAll(c.photos());
        });
        assertEquals(Set.copyOf(photos), Set.copyOf(all));
        assertEquals(photos.size(), all.size());
    }

    @Test
    void aHugePhotoIsAChunkOfItsOwnAndComesFirst() {
        List<PhotoFile> photos = new ArrayList<>(IntStream.range(0, 100).mapToObj(i -> photo(i, 1000)).toList());
        photos.add(50, photo(1000, 1 << 30));
        List<Chunk> chunks = Chunk.cut(photos, 2, "x");
        assertEquals(List.of(photo(1000, 1 << 30)), chunks.get(0).photos().stream().filter(p -> p.bytes() > 1000).toList());
        assertTrue(chunks.stream().skip(1).allMatch(c -> c.cost() < 1 << 30));
    }

    @Test
    void noPhotosGiveNoChunks() {
        assertEquals(List.of(), Chunk.cut(List.of(), 4, "x"));
    }
}
