package io.hiervl.data;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where things derived from a data folder are kept: {@code .hiervl} inside it, or, where that cannot be written, a folder
 * of its own below {@code $XDG_CACHE_HOME/hiervl} or {@code ~/.cache/hiervl}. Deleting it costs time and nothing else.
 */
public final class CacheFolder {
    /** Its name in a data folder. */
    static final String NAME = ".hiervl";

    private CacheFolder() {
    }

    /** The folder, made if needed; environment error (exit 6) if neither place can be written. */
    public static Path of(Path root) {
        Path inside = root.resolve(NAME);
        try {
            Files.createDirectories(inside);
            Files.delete(Files.createTempFile(inside, "probe", null));
            return inside;
        } catch (IOException e) {
            return outside(root, e);
        }
    }

    private static Path outside(Path root, IOException why) {
        String base = System.getenv("XDG_CACHE_HOME");
        Path caches = base == null || base.isBlank() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(base);
        Path absolute = root.toAbsolutePath().normalize();
        Path folder = caches.resolve("hiervl").resolve(absolute.getFileName() + "-" + Integer.toHexString(absolute.toString().hashCode()));
        try {
            return Files.createDirectories(folder);
        } catch (IOException e) {
            throw HierVlException.environment("no place for files derived from " + root + ": neither it (" + AtomicFile.reason(why) + ") nor " + folder
                + " can be written (" + AtomicFile.reason(e) + ")", e);
        }
    }
}
