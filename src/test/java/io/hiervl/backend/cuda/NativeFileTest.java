package io.hiervl.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Why a library cannot be loaded, in few words: without the places where JNA looked. */
class NativeFileTest {
    /** Methods that no library has. */
    private static final class Nothing {
        static native int hiervl_nothing();
    }

    @TempDir
    Path dir;

    @Test
    void theReasonIsNamed() throws IOException {
        assertEquals("libhiervl_none.so is not among the system's libraries", NativeFile.bind(Nothing.class, "libhiervl_none.so"));
        Path missing = dir.resolve("libnone.so");
        assertEquals(missing + " does not exist", NativeFile.bind(Nothing.class, missing.toString()));
        Path text = Files.writeString(dir.resolve("libtext.so"), "no library at all");
        String reason = NativeFile.bind(Nothing.class, text.toString());
        assertTrue(reason.contains("libtext.so") && !reason.contains(".jar"), reason);
    }
}
