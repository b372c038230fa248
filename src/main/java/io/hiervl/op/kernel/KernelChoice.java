package io.hiervl.op.kernel;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Which kernels compute: system property {@code hiervl.kernels} = auto (default), onednn or java. */
public final class KernelChoice {
    private static final JavaKernels JAVA = new JavaKernels();
    private static Kernels floats;

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

    private static synchronized Kernels floats() {
        if (floats == null) {
            floats = JAVA;
        }
        return floats;
    }

    /** One line for reports. */
    public static String describe() {
        return floats().name() + " for 32-bit floats, java for 64-bit, " + Parallel.threads() + " threads";
    }
}
