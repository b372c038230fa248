package io.hiervl.data;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where things derived from a data folder are kept: {@code .hiervl} inside it, or, where that cannot be written, a folder
 * of its own below {@code $XDG_CACHE_HOME/hiervl}, {@code ~/.cache/hiervl} or the system's folder for temporary files. Deleting it costs
 * time and nothing else.
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
            if (Files.isSymbolicLink(inside)) {
                throw new FileSystemException(inside.toString(), null, inside + " is a link and may lead anywhere");
            }
            Files.createDirectories(inside);
            Files.delete(Files.createTempFile(inside, "probe", null));
            return inside;
        } catch (IOException e) {
            return outside(root, e);
        }
    }

    private static Path outside(Path root, IOException why) {
        Path absolute = root.toAbsolutePath().normalize();
        String name = absolute.getFileName() + "-" + Integer.toHexString(absolute.toString().hashCode());
        IOException last = why;
        for (Path caches : places()) {
            try {
                Path folder = Files.createDirectories(caches.resolve(name));
                Path probe = Files.createTempFile(folder, "probe", null);
                boolean own = Files.getOwner(probe).equals(Files.getOwner(folder)) && !Files.isSymbolicLink(folder);
                Files.delete(probe);
                if (own) {
                    return folder;
                }
                last = new FileSystemException(folder.toString(), null, folder + " belongs to somebody else");
            } catch (IOException e) {
                last = e;
            }
        }
        throw HierVlException.environment("no place for files derived from " + root + ": neither it (" + AtomicFile.reason(why)
            + ") nor a folder in " + places() + " can be written (" + AtomicFile.reason(last) + ")", last);
    }

    /** Where caches lie; Java knows no home ("?") for users that the system has no entry of, as in containers. */
    private static List<Path> places() {
        List<Path> all = new ArrayList<>();
        String xdg = System.getenv("XDG_CACHE_HOME");
        if (xdg != null && !xdg.isBlank()) {
            all.add(Path.of(xdg, "hiervl"));
        }
        for (String home : new String[] {System.getenv("HOME"), System.getProperty("user.home")}) {
            if (home != null && Path.of(home).isAbsolute()) {
                all.add(Path.of(home, ".cache", "hiervl"));
            }
        }
        all.add(Path.of(System.getProperty("java.io.tmpdir"), "hiervl-cache-" + System.getProperty("user.name").replaceAll("\\W", "_")));
        return all;
    }
}
