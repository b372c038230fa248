package io.hiervl.cli;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Output folders, tried before the work starts whose results they shall hold. */
final class Folders {
    private Folders() {
    }

    /**
     * Creates a folder if it is absent and checks that files can be made in it; environment error (exit 6) otherwise.
     *
     * @param what what is to be written, for the message
     */
    static void create(Path folder, String what) {
        try {
            Files.createDirectories(folder);
            Files.delete(Files.createTempFile(folder, ".probe-", null));
        } catch (FileAlreadyExistsException e) {
            throw HierVlException.environment("cannot write " + what + " to " + folder + ": " + e.getFile() + " is a file, not a folder", e);
        } catch (IOException e) {
            throw HierVlException.environment("cannot write " + what + " to " + folder + ": " + AtomicFile.reason(e), e);
        }
    }
}
