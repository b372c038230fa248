package io.hiervl.backend.choice;

import io.hiervl.HierVlException;
import io.hiervl.backend.Backend;
import io.hiervl.backend.jvm.JavaBackend;
import io.hiervl.backend.jvm.Parallel;
import io.hiervl.backend.onednn.OneDnnBackend;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The backends there are here. System property {@code hiervl.kernels} = {@code auto} (oneDNN where its library loads, the default),
 * {@code onednn} or {@code java} says which one {@link #host()} is.
 */
public final class Backends {
    private static final Logger LOG = LoggerFactory.getLogger(Backends.class);

    private static Backend host;
    private static String reason = "";

    private Backends() {
    }

    /** The backend of this process's own memory, for those who were given none. */
    public static synchronized Backend host() {
        if (host == null) {
            host = choose(System.getProperty("hiervl.kernels", "auto").toLowerCase(Locale.ROOT));
        }
        return host;
    }

    /** Plain Java. */
    public static Backend java() {
        return JavaBackend.INSTANCE;
    }

    /** Runs a task in which this is {@link #host()}, on every thread: for comparisons of backends in tests and benchmarks. */
    public static void during(Backend backend, Runnable task) {
        Backend before = exchange(backend);
        try {
            task.run();
        } finally {
            exchange(before);
        }
    }

    private static synchronized Backend exchange(Backend backend) {
        Backend before = host();
        host = backend;
        return before;
    }

    private static Backend choose(String wanted) {
        switch (wanted) {
            case "java":
                reason = " (asked for)";
                return JavaBackend.INSTANCE;
            case "auto":
            case "onednn":
                try {
                    return new OneDnnBackend();
                } catch (LinkageError | RuntimeException e) {
                    if (wanted.equals("onednn")) {
                        throw HierVlException.environment("hiervl.kernels=onednn, but oneDNN cannot be loaded: " + e, e);
                    }
                    LOG.info("oneDNN cannot be loaded, plain Java kernels compute: {}", e.toString());
                    reason = " (oneDNN cannot be loaded: " + e + ")";
                    return JavaBackend.INSTANCE;
                }
            default:
                throw HierVlException.environment("system property hiervl.kernels is '" + wanted + "', expected auto, onednn or java");
        }
    }

    /** One line for reports. */
    public static String describe() {
        return host().name() + " for 32-bit floats" + reason + ", java for 64-bit, " + Parallel.threads() + " threads";
    }
}
