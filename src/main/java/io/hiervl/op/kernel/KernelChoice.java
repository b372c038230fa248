package io.hiervl.op.kernel;

import io.hiervl.HierVlException;
import java.util.Locale;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which kernels compute 32-bit floats: system property {@code hiervl.kernels} = {@code auto} (oneDNN where its library
 * loads, the default), {@code onednn} or {@code java}. Doubles are always computed by the Java kernels.
 */
public final class KernelChoice {
    private static final Logger LOG = LoggerFactory.getLogger(KernelChoice.class);
    private static final JavaKernels JAVA = new JavaKernels();
    private static Kernels floats;
    private static String reason = "";

    private KernelChoice() {
    }

    /** The kernels for arrays of this type. */
    public static Kernels of(INDArray a) {
        return a.dataType() == DataType.FLOAT ? floats() : JAVA;
    }

    /** The plain Java kernels. */
    public static Kernels java() {
        return JAVA;
    }

    /** Runs a task in which these kernels compute 32-bit floats, on every thread: for comparisons of kernels. */
    public static void during(Kernels kernels, Runnable task) {
        Kernels before = exchange(kernels);
        try {
            task.run();
        } finally {
            exchange(before);
        }
    }

    private static synchronized Kernels exchange(Kernels kernels) {
        Kernels before = floats();
        floats = kernels;
        return before;
    }

    private static synchronized Kernels floats() {
        if (floats == null) {
            floats = choose(System.getProperty("hiervl.kernels", "auto").toLowerCase(Locale.ROOT));
        }
        return floats;
    }

    private static Kernels choose(String wanted) {
        switch (wanted) {
            case "java":
                reason = " (asked for)";
                return JAVA;
            case "auto":
            case "onednn":
                try {
                    return new OneDnnKernels();
                } catch (LinkageError | RuntimeException e) {
                    if (wanted.equals("onednn")) {
                        throw HierVlException.environment("hiervl.kernels=onednn, but oneDNN cannot be loaded: " + e, e);
                    }
                    LOG.info("oneDNN cannot be loaded, plain Java kernels compute: {}", e.toString());
                    reason = " (oneDNN cannot be loaded: " + e + ")";
                    return JAVA;
                }
            default:
                throw HierVlException.environment("system property hiervl.kernels is '" + wanted + "', expected auto, onednn or java");
        }
    }

    /** One line for reports. */
    public static String describe() {
        return floats().name() + " for 32-bit floats" + reason + ", java for 64-bit, " + Parallel.threads() + " threads";
    }
}
