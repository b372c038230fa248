package io.hiervl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Output folders; what cannot be made or written is an environment error (exit 6) that names the folder and the reason. */
public final class Folders {
    private Folders() {
    }

    /** Creates a folder and its parents if they are absent. */
    public static Path create(Path folder) {
        Path file = blockedBy(folder);
        if (file != null) {
            throw HierVlException.environment("cannot make the folder " + folder + ": " + file + " is a file, not a folder");
        }
        try {
            return Files.createDirectories(folder);
        } catch (NoSuchFileException e) {
            throw HierVlException.environment("cannot make the folder " + folder + ": no folder can be made in " + nearest(folder), e);
        } catch (IOException e) {
            throw HierVlException.environment("cannot make the folder " + folder + ": " + AtomicFile.reason(e), e);
        }
    }

    /**
     * Creates a folder if it is absent and checks that files can be made in it: before the work starts whose results it shall
     * hold.
     *
     * @param what what is to be written, for the message
     */
    public static void require(Path folder, String what) {
        create(folder);
        try {
            Files.delete(Files.createTempFile(folder, ".probe-", null));
        } catch (IOException e) {
            throw HierVlException.environment("cannot write " + what + " to " + folder + ": " + AtomicFile.reason(e), e);
        }
    }

    /** Checks before long work that its result can be written as this file: the folder takes files, the name is no folder's. */
    public static void requireFile(Path file, String what) {
        if (Files.isDirectory(file)) {
            throw HierVlException.environment("cannot write " + what + " to " + file + ": it is a folder, not a file");
        }
        require(file.toAbsolutePath().getParent(), what);
    }

    private static Path nearest(Path folder) {
        Path nearest = folder.toAbsolutePath();
        while (nearest.getParent() != null && !Files.exists(nearest)) {
            nearest = nearest.getParent();
        }
        return nearest;
    }

    /** The path itself or the nearest parent that exists, if that is not a folder. */
    private static Path blockedBy(Path folder) {
        Path nearest = nearest(folder);
        return Files.isDirectory(nearest) ? null : nearest;
    }
}
