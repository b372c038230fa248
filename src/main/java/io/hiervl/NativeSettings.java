package io.hiervl;

import com.sun.jna.Function;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.slf4j.LoggerFactory;

/**
 * Environment variables of the OpenMP runtimes, set before the native libraries load and read them. Two runtimes (ND4J's and
 * oneDNN's) that spin for long while they wait take the cores from each other and from other programs: on a busy machine a photo
 * took ten times as long. Variables that the user has set stay.
 */
public final class NativeSettings {
    private static final Map<String, String> WANTED = Map.of("OMP_WAIT_POLICY", "PASSIVE", "GOMP_SPINCOUNT", "3000");
    /** Properties that JavaCPP reads when its first class loads; a fault there would stop every class that needs it. */
    private static final List<String> LIMITS = List.of("org.bytedeco.javacpp.maxbytes", "org.bytedeco.javacpp.maxphysicalbytes");
    /** What JavaCPP 1.5.7 reads as a number of bytes ("b" alone is none of its units), with digits whose product fits 64 bits. */
    private static final Pattern BYTES =
        Pattern.compile("\\d{1,18}|\\d{1,3}\\s*%|\\d{1,15}\\s*kb?|\\d{1,12}\\s*mb?|\\d{1,9}\\s*gb?|\\d{1,6}\\s*tb?",
            Pattern.CASE_INSENSITIVE);
    private static boolean done;

    private NativeSettings() {
    }

    /**
     * Chooses the build of ND4J that the CPU runs, and sets what is not set; once. The variables are left alone where the C library cannot
     * be called.
     *
     * @throws HierVlException environment error if there is no such build, or a limit of memory is no number of bytes
     */
    public static synchronized void apply() {
        requireLimits();
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

    /** @throws HierVlException environment error: a limit of memory is no number of bytes */
    public static void requireLimits() {
        LIMITS.forEach(NativeSettings::requireBytes);
    }

    private static void requireBytes(String property) {
        String value = System.getProperty(property);
        if (value != null && !BYTES.matcher(value).matches()) {
            throw HierVlException.environment("the property " + property + " is '" + value + "'; expected a number of bytes, such as 8g");
        }
    }
}
