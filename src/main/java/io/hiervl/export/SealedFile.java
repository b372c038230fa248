package io.hiervl.export;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.Seal;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/** The checksum inside exported files, which is in the attribute {@value #ATTRIBUTE} of their description. */
final class SealedFile {
    static final String ATTRIBUTE = "checksum";

    /** FlatBuffers and protobuf count bytes in 31 bits. */
    private static final long LARGEST = Integer.MAX_VALUE;

    private SealedFile() {
    }

    /**
     * Compares a file with its checksum before anything parses it.
     *
     * @return whether it has one
     * @throws HierVlException model error: the checksum is wrong
     */
    static boolean verify(Path file) {
        InputFiles.requireAtMost(file, "an exported model", LARGEST, HierVlException.Kind.MODEL);
        try {
            Seal.State state = Seal.check(file);
            if (state == Seal.State.DAMAGED) {
                throw HierVlException.model(file + " does not fit its own SHA-256; the file is damaged or was edited");
            }
            if (state == Seal.State.ABSENT) {
                LoggerFactory.getLogger(SealedFile.class).warn("{} has no checksum (made by an older version or by another program); "
                    + "changes in it cannot be noticed", file);
            }
            return state == Seal.State.INTACT;
        } catch (IOException e) {
            throw HierVlException.model(file + ": cannot be read: " + AtomicFile.reason(e), e);
        }
    }

    /** Fails for a description of a version that always has a checksum, in a file that has lost it. */
    static void requireSeal(boolean sealed, ExportMeta meta, Path file) {
        if (!sealed && meta.format() >= ExportMeta.SEALED) {
            throw HierVlException.model(file + " has lost its SHA-256; the file is damaged or was edited");
        }
    }
}
