package io.hiervl.backend.cuda;

import io.hiervl.HierVlException;
import java.util.List;

/**
 * NVIDIA's library of matrix products, where the machine has one: version 11, 12 or 13 of the system, of a CUDA toolkit, of pip or conda.
 * System property {@code hiervl.cuda.blas} names a file, or is {@code none}: then the program's own kernels multiply.
 */
final class CuBlas {
    static final String PROPERTY = "hiervl.cuda.blas";
    static final int FLOAT = 0;
    static final int BFLOAT16 = 14;
    private static final int COMPUTE_32F = 68;
    private static final int COMPUTE_TF32 = 77;
    private static final int DEFAULT_ALGORITHM = -1;

    private static String loaded;

    private final long handle;
    private final String name;

    private CuBlas(long handle, String name) {
        this.handle = handle;
        this.name = name;
    }

    static native int cublasCreate_v2(long[] handle);

    static native int cublasSetStream_v2(long handle, long stream);

    static native int cublasGetVersion_v2(long handle, int[] version);

    static native int cublasGemmStridedBatchedEx(long handle, int transposeA, int transposeB, int m, int n, int k, float[] alpha, long a,
                                                 int typeA,
                                                 int ldA, long strideA, long b, int typeB, int ldB, long strideB, float[] beta, long c,
                                                 int typeC,
                                                 int ldC, long strideC, int batch, int compute, int algorithm);

    /**
     * The library for a stream; null where there is none or none is wanted.
     *
     * @param wanted a file, {@code none}, or null: the system property, else what is found
     * @throws HierVlException of the environment if a library that was asked for cannot be loaded
     */
    static synchronized CuBlas open(String wanted, long stream) {
        String asked = wanted != null ? wanted : System.getProperty(PROPERTY);
        if ("none".equals(asked) || !load(asked)) {
            return null;
        }
        long[] handle = new long[1];
        int result = cublasCreate_v2(handle);
        if (result != 0) {
            throw HierVlException
                .environment(loaded + " cannot be used: cublasCreate says " + result + "; -D" + PROPERTY + "=none does without it");
        }
        check(cublasSetStream_v2(handle[0], stream), "cublasSetStream");
        int[] version = new int[1];
        check(cublasGetVersion_v2(handle[0], version), "cublasGetVersion");
        int major = version[0] >= 100_000 ? version[0] / 10_000 : version[0] / 1000;
        return new CuBlas(handle[0], "cuBLAS " + major);
    }

    private static boolean load(String asked) {
        if (loaded != null) {
            if (asked != null && !asked.equals(loaded)) {
                throw HierVlException.environment("cuBLAS " + asked + " cannot be used beside " + loaded + ", which is loaded");
            }
            return true;
        }
        for (String name : asked != null ? List.of(asked) : BlasFiles.ofThisMachine()) {
            String reason = NativeFile.bind(CuBlas.class, name);
            if (reason == null) {
                loaded = name;
                return true;
            }
            if (asked != null) {
                throw HierVlException.environment("cuBLAS cannot be loaded: " + reason);
            }
        }
        return false;
    }

    /** Name and version. */
    String name() {
        return name;
    }

    /** C = alpha A B + beta C of a batch of matrices that lie column by column. */
    void product(boolean tf32, Side a, Side b, int m, int n, int k, float alpha, float beta, long c, int typeC, int ldC, long strideC,
                 int batch) {
        check(
            cublasGemmStridedBatchedEx(handle, a.transposed ? 1 : 0, b.transposed ? 1 : 0, m, n, k, new float[] {alpha}, a.address, a.type,
                a.ld, a.stride,
                b.address, b.type, b.ld, b.stride, new float[] {beta}, c, typeC, ldC, strideC, batch, tf32 ? COMPUTE_TF32 : COMPUTE_32F,
                DEFAULT_ALGORITHM),
            "cublasGemmStridedBatchedEx");
    }

    /**
     * A factor.
     *
     * @param transposed whether it lies row by row
     * @param ld         distance of columns, or of rows if transposed
     * @param stride     distance of the matrices of a batch
     */
    record Side(boolean transposed, int ld, long address, int type, long stride) {
    }

    private static void check(int result, String what) {
        if (result != 0) {
            throw HierVlException.environment("the GPU failed: " + what + " says " + result);
        }
    }
}
