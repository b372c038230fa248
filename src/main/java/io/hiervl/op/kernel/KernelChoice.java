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
    /** What was chosen. */
    private static Kernels choice;
    private static String reason = "";
    private static final ThreadLocal<Kernels[][]> FLOATS =
        ThreadLocal.withInitial(() -> new Kernels[Precision.values().length][Parallel.threads() + 1]);

    private KernelChoice() {
    }

    /** The kernels for arrays of this type. */
    public static Kernels of(INDArray a) {
        return of(a, Precision.FP32);
    }

    /** The kernels for arrays of this type that make dense products so; doubles are never rounded. */
    public static Kernels of(INDArray a, Precision products) {
        return a.dataType() == DataType.FLOAT || a.dataType() == DataType.BFLOAT16 ? floats(products) : JAVA;
    }

    /** Whether there are kernels for {@link Precision#BF16} that are faster than those for 32 bits; else there is nothing to gain. */
    public static boolean fastBf16() {
        return choice() instanceof OneDnnKernels && OneDnnIsa.bf16();
    }

    /** The plain Java kernels. */
    public static Kernels java() {
        return JAVA;
    }

    /** Whether 32-bit floats are computed by other kernels than the plain Java ones. */
    public static boolean isNative() {
        return choice() != JAVA;
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
        Kernels before = choice();
        choice = kernels;
        return before;
    }

    /**
     * oneDNN's primitives are made for a number of threads and carry the operands of a call: each thread has its own, and
     * its own again inside lanes.
     */
    private static Kernels floats(Precision products) {
        Kernels chosen = choice();
        if (!(chosen instanceof OneDnnKernels)) {
            return chosen;
        }
        int team = Parallel.team();
        Kernels[] own = FLOATS.get()[products.ordinal()];
        if (own[team] == null) {
            own[team] = new OneDnnKernels(products);
        }
        OpenMp.threads(team);
        return own[team];
    }

    private static synchronized Kernels choice() {
        if (choice == null) {
            choice = choose(System.getProperty("hiervl.kernels", "auto").toLowerCase(Locale.ROOT));
        }
        return choice;
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
        return choice().name() + " for 32-bit floats" + reason + ", java for 64-bit, " + Parallel.threads() + " threads";
    }
}
