package io.hiervl.data;

import io.hiervl.HierVlException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Notices masks whose palettes give one index different colours. Programs that make files smaller number palettes anew, so indices of such
 * masks mean other classes in every file. Safe for several threads.
 */
final class PaletteGuard {
    private final boolean active;
    private final Map<Integer, Seen> first = new ConcurrentHashMap<>();

    private record Seen(int colour, String file) {
    }

    /** @param active false accepts everything */
    PaletteGuard(boolean active) {
        this.active = active;
    }

    boolean active() {
        return active;
    }

    /** What differs between this palette and those seen before, null if nothing. */
    String conflict(Map<Integer, Integer> palette, String file) {
        for (Map.Entry<Integer, Integer> e : palette.entrySet()) {
            Seen here = new Seen(e.getValue(), file);
            Seen before = active ? first.putIfAbsent(e.getKey(), here) : null;
            if (before != null && before.colour != here.colour) {
                return "the palettes of the masks differ: index " + e.getKey() + " is " + text(before.colour) + " in " + before.file
                    + " and "
                    + text(here.colour) + " in " + file + ". A program may have numbered them anew. Name the colours of the classes"
                    + " ('cat 64 0 0' in the class list, 'labels: {colours: ...}' in dataset.yaml);"
                    + " 'labels: {palettes: index}' takes indices as they are";
            }
        }
        return null;
    }

    /** @throws HierVlException a palette that differs from one seen before */
    void require(Map<Integer, Integer> palette, String file) {
        String conflict = conflict(palette, file);
        if (conflict != null) {
            throw HierVlException.data(conflict);
        }
    }

    private static String text(int rgb) {
        return String.format(Locale.ROOT, "[%d, %d, %d]", rgb >> 16, rgb >> 8 & 255, rgb & 255);
    }
}
