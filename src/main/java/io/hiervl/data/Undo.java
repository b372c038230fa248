package io.hiervl.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** Removes what an attempt has written, unless it was a success: leftovers would stop the next one. */
public final class Undo implements AutoCloseable {
    private final Deque<Path> made = new ArrayDeque<>();
    private boolean keep;

    /** @param out folder that will be made, with its parents, if it does not exist */
    public Undo(Path out) {
        Deque<Path> absent = new ArrayDeque<>();
        for (Path p = out.toAbsolutePath().normalize(); p != null && !Files.exists(p); p = p.getParent()) {
            absent.push(p);
        }
        absent.forEach(made::push);
    }

    /** Remembers a file or folder before it is made, and returns it. */
    public Path made(Path path) {
        if (!Files.exists(path)) {
            made.push(path);
        }
        return path;
    }

    /** Everything that was made stays. */
    public void keep() {
        keep = true;
    }

    @Override
    public void close() {
        while (!keep && !made.isEmpty()) {
            try {
                Files.deleteIfExists(made.pop());
            } catch (IOException e) {
                // A folder that somebody else has filled stays; the failure that brought us here is the one to report.
            }
        }
    }
}
