package io.hiervl.backend.onednn;

import io.hiervl.backend.jvm.Parallel;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * Number of threads of native loops. On Linux ND4J and oneDNN share one OpenMP runtime, in which every Java thread has its
 * own setting; elsewhere the call may reach ND4J's runtime only, which costs time and nothing else.
 */
final class OpenMp {
    private static final ThreadLocal<Integer> CURRENT = ThreadLocal.withInitial(Parallel::threads);

    private OpenMp() {
    }

    /** Native loops that this thread starts use so many threads from now on. */
    static void threads(int n) {
        if (CURRENT.get() != n) {
            NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(n);
            CURRENT.set(n);
        }
    }
}
