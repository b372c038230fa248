package io.hiervl.cli;

import io.hiervl.HierVlException;
import io.hiervl.NativeSettings;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import picocli.CommandLine;

/** What the operating system gives the program: temporary folder, environment variables, locale. */
final class Surroundings {
    private Surroundings() {
    }

    /** Refuses at once what would fail deep inside a library, with an environment error (exit 6). */
    static void check() {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        if (!Files.isDirectory(temporary) || !Files.isWritable(temporary)) {
            throw HierVlException
                .environment("the folder for temporary files " + temporary + (Files.isDirectory(temporary) ? " cannot be written to"
                    : " does not exist") + "; make it, or name another with HIERVL_JAVA_OPTS=-Djava.io.tmpdir=DIR");
        }
        String threads = System.getenv("OMP_NUM_THREADS");
        if (threads != null && !threads.matches("\\s*[1-9][0-9]{0,3}(\\s*,\\s*[1-9][0-9]{0,3})*\\s*")) {
            throw HierVlException
                .environment("the environment variable OMP_NUM_THREADS is '" + threads + "', expected a number of threads such as 4");
        }
        NativeSettings.requireLimits();
        // Pictures are in memory anyway; a cache on disk is one more thing that can fail.
        ImageIO.setUseCache(false);
    }

    /** The failure behind the wrappers of picocli, reflection and static initialisers; memory that ran out before all else. */
    static Throwable cause(Throwable thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof OutOfMemoryError || t instanceof HierVlException) {
                return t;
            }
        }
        Throwable failure = thrown;
        while (failure.getCause() != null
            && (failure instanceof CommandLine.ExecutionException || failure instanceof InvocationTargetException
                || failure instanceof ExceptionInInitializerError)) {
            failure = failure.getCause();
        }
        return failure;
    }
}
