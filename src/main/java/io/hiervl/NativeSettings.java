package io.hiervl;

import com.sun.jna.Function;
import java.util.Map;
import org.slf4j.LoggerFactory;

/**
 * Environment variables of the OpenMP runtimes, set before the native libraries load and read them. Two runtimes (ND4J's and
 * oneDNN's) that spin for long while they wait take the cores from each other and from other programs: on a busy machine a photo
 * took ten times as long. Variables that the user has set stay.
 */
public final class NativeSettings {
    private static final Map<String, String> WANTED = Map.of("OMP_WAIT_POLICY", "PASSIVE", "GOMP_SPINCOUNT", "3000");
    private static boolean done;

    private NativeSettings() {
    }

    /**
     * Chooses the build of ND4J that the CPU runs, and sets what is not set; once. The variables are left alone where the C library cannot
     * be called.
     *
     * @throws HierVlException environment error if there is no such build
     */
    public static synchronized void apply() {
        Nd4jBuild.choose();
        if (done || WANTED.keySet().stream().allMatch(name -> System.getenv(name) != null)) {
            return;
        }
        done = true;
        try {
            // Java has no way to change the environment of its own process; the runtimes read it with getenv.
            Function setenv = Function.getFunction("c", "setenv");
            WANTED.forEach((name, value) -> setenv.invokeInt(new Object[] {name, value, 0}));
        } catch (Throwable e) {
            LoggerFactory.getLogger(NativeSettings.class).debug("OpenMP's environment variables could not be set: {}", e.toString());
        }
    }
}
