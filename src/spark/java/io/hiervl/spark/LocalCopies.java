package io.hiervl.spark;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.fs.FileStatus;

/** Files and folders that this process needs on its own machine: as they are where they lie there, else copied once. */
final class LocalCopies {
    private static final Map<String, Path> COPIES = new HashMap<>();

    private LocalCopies() {
    }

    /**
     * A local path with the contents of a path of Hadoop.
     *
     * @throws HierVlException data error: there is nothing, or it cannot be read
     */
    static synchronized Path of(HadoopFiles files, String text) {
        Path here = files.here(text);
        if (here != null) {
            return here;
        }
        return COPIES.computeIfAbsent(files.path(text).toString(), name -> {
            FileStatus status = files.status(name);
            if (status == null) {
                throw HierVlException.data(text + " does not exist");
            }
            Path folder = Scratch.folder("copy");
            Path copy = folder.resolve(new org.apache.hadoop.fs.Path(name).getName());
            copy(files, status, copy);
            return copy;
        });
    }

    static void copy(HadoopFiles files, FileStatus from, Path to) {
        String name = from.getPath().toString();
        try {
            if (from.isDirectory()) {
                Files.createDirectories(to);
                for (FileStatus entry : files.list(name)) {
                    copy(files, entry, to.resolve(entry.getPath().getName()));
                }
            } else {
                AtomicFile.write(to, out -> {
                    try (var in = files.system(from.getPath()).open(from.getPath())) {
                        in.transferTo(out);
                    }
                });
            }
        } catch (IOException e) {
            throw HierVlException.environment("cannot copy " + name + " to " + to + ": " + HadoopFiles.first(e), e);
        }
    }
}
