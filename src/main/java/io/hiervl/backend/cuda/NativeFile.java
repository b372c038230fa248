package io.hiervl.backend.cuda;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A native library that a class of native methods is bound to. */
final class NativeFile {
    private NativeFile() {
    }

    /**
     * Binds the native methods of a class.
     *
     * @param name file or name of the library
     * @return null, or why it cannot be loaded
     */
    static String bind(Class<?> methods, String name) {
        try {
            Native.register(methods, NativeLibrary.getInstance(name, Map.of(Library.OPTION_STRING_ENCODING, "UTF-8")));
            return null;
        } catch (UnsatisfiedLinkError e) {
            return reason(name, e);
        }
    }

    /** JNA reports the last place where it looked, its class path; the linker's own words are lost. */
    private static String reason(String name, UnsatisfiedLinkError error) {
        String said = error.getMessage().lines().findFirst().orElse(name).strip();
        if (!said.contains("not found in resource path")) {
            return said;
        }
        Path file = Path.of(name);
        if (!file.isAbsolute()) {
            return name + " is not among the system's libraries";
        }
        if (!Files.exists(file)) {
            return name + " does not exist";
        }
        try {
            System.load(name);
            return name + " cannot be used";
        } catch (UnsatisfiedLinkError linker) {
            return linker.getMessage();
        }
    }
}
