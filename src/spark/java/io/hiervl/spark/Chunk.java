package io.hiervl.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Photos that one task predicts and commits together.
 *
 * @param part name of the file with its rows
 */
record Chunk(String part, List<PhotoFile> photos) implements Serializable {
    /** A row of the table is committed with its chunk: what a kill costs at most. */
    static final int MOST_PHOTOS = 256;
    /** Several chunks for each slot even out photos that take longer than their size says. */
    private static final int PER_SLOT = 8;
    /** What a photo costs beside its bytes: opening it, and windows of a small one. */
    private static final long OVERHEAD = 64 << 10;

    static long costOf(PhotoFile photo) {
        return photo.bytes() + OVERHEAD;
    }

    long cost() {
        return photos.stream().mapToLong(Chunk::costOf).sum();
    }

    /**
     * Cuts photos into chunks of about equal cost, the costliest first, so that no long one is left for the end. Photos stay in
     * their order: small ones of one size are neighbours and share a pass of the network.
     *
     * @param slots tasks that run at a time
     * @param name  begins the names of the parts
     */
    static List<Chunk> cut(List<PhotoFile> photos, int slots, String name) {
        long total = photos.stream().mapToLong(Chunk::costOf).sum();
        long target = Math.max(1, total / ((long) slots * PER_SLOT));
        List<Chunk> chunks = new ArrayList<>();
        List<PhotoFile> open = new ArrayList<>();
        long cost = 0;
        for (PhotoFile photo : photos) {
            // A photo that would overfill the chunk begins a new one, unless it fills up less than it leaves free.
            if (!open.isEmpty() && (open.size() == MOST_PHOTOS || cost + costOf(photo) / 2 > target)) {
                chunks.add(new Chunk(part(name, chunks.size()), List.copyOf(open)));
                open.clear();
                cost = 0;
            }
            open.add(photo);
            cost += costOf(photo);
        }
        if (!open.isEmpty()) {
            chunks.add(new Chunk(part(name, chunks.size()), List.copyOf(open)));
        }
        chunks.sort(Comparator.comparingLong(Chunk::cost).reversed());
        return chunks;
    }

    private static String part(String name, int number) {
        return String.format(Locale.ROOT, "part-%s-%06d.snappy.parquet", name, number);
    }
}
