package io.hiervl.spark;

import io.hiervl.cli.Home;
import io.hiervl.data.Dataset;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * A data set or another folder that driver and executors read: in place where it is local, else a copy that every process makes
 * once.
 *
 * @param path as Hadoop reads it; local ones are absolute
 */
record DataFolder(String path) implements Serializable {
    private static final Map<String, Dataset> OPEN = new HashMap<>();

    /** @param given relative ones may lie below the program's folder */
    static DataFolder of(HadoopFiles files, String given) {
        boolean plain = !given.contains(":") && files.here(given) != null;
        return new DataFolder(plain ? Home.resolve(given).toAbsolutePath().normalize().toString() : files.absolute(given));
    }

    /** The folder on this machine. */
    Path here(HadoopFiles files) {
        return LocalCopies.of(files, path);
    }

    /** The data set, read once by each process. */
    Dataset open(HadoopFiles files) {
        synchronized (OPEN) {
            return OPEN.computeIfAbsent(path, p -> Dataset.open(here(files)));
        }
    }

    /** A file of the folder as other machines find it: below the folder, or absolute if it lies elsewhere. */
    String relative(HadoopFiles files, Path file) {
        Path root = here(files).toAbsolutePath().normalize();
        Path absolute = file.toAbsolutePath().normalize();
        return absolute.startsWith(root) ? root.relativize(absolute).toString() : absolute.toString();
    }

    /** The file that {@link #relative} named, on this machine. */
    Path file(HadoopFiles files, String relative) {
        return here(files).resolve(relative);
    }
}
