package io.hiervl.backend.cuda;

import com.sun.jna.Pointer;
import io.hiervl.HierVlException;
import java.util.List;
import java.util.Locale;

/**
 * The driver API of CUDA as far as this program calls it: one library that comes with NVIDIA's driver, whatever toolkit is or is not
 * installed. Addresses and handles are longs. A process uses one driver; system property {@code hiervl.cuda.driver} names another library.
 */
final class Driver {
    static final String PROPERTY = "hiervl.cuda.driver";
    private static final int OUT_OF_MEMORY = 2;

    private static String loaded;

    private Driver() {
    }

    static native int cuInit(int flags);

    static native int cuDriverGetVersion(int[] version);

    static native int cuDeviceGetCount(int[] count);

    static native int cuDeviceGet(int[] device, int ordinal);

    static native int cuDeviceGetName(byte[] name, int length, int device);

    static native int cuDeviceGetAttribute(int[] value, int attribute, int device);

    static native int cuDeviceTotalMem_v2(long[] bytes, int device);

    static native int cuDevicePrimaryCtxRetain(long[] context, int device);

    static native int cuCtxSetCurrent(long context);

    static native int cuMemGetInfo_v2(long[] free, long[] total);

    static native int cuMemAlloc_v2(long[] address, long bytes);

    static native int cuMemFree_v2(long address);

    static native int cuMemcpyHtoDAsync_v2(long device, long host, long bytes, long stream);

    static native int cuMemcpyDtoHAsync_v2(long host, long device, long bytes, long stream);

    static native int cuMemcpyDtoDAsync_v2(long to, long from, long bytes, long stream);

    static native int cuMemsetD8Async(long device, byte value, long bytes, long stream);

    static native int cuMemHostAlloc(long[] address, long bytes, int flags);

    static native int cuEventCreate(long[] event, int flags);

    static native int cuEventRecord(long event, long stream);

    static native int cuEventQuery(long event);

    static native int cuStreamCreate(long[] stream, int flags);

    static native int cuStreamSynchronize(long stream);

    static native int cuModuleLoadData(long[] module, byte[] image);

    static native int cuModuleGetFunction(long[] function, long module, byte[] name);

    static native int cuLaunchKernel(long function, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int shared,
                                     long stream,
                                     long parameters, long extra);

    static native int cuGetErrorName(int result, long[] text);

    /**
     * Loads the driver.
     *
     * @param library file or name of the library; null: the system property, else where drivers are
     * @throws HierVlException of the environment if there is none, or another one is loaded
     */
    static synchronized void load(String library) {
        String asked = library != null ? library : System.getProperty(PROPERTY);
        if (loaded != null) {
            if (asked != null && !asked.equals(loaded)) {
                throw HierVlException.environment("the CUDA driver " + asked + " cannot be used beside " + loaded + ", which is loaded");
            }
            return;
        }
        List<String> names = asked != null ? List.of(asked) : candidates();
        StringBuilder tried = new StringBuilder();
        for (String name : names) {
            String reason = NativeFile.bind(Driver.class, name);
            if (reason == null) {
                loaded = name;
                return;
            }
            tried.append(tried.isEmpty() ? "" : "; ").append(reason);
        }
        throw HierVlException.environment("no NVIDIA driver was found: " + tried);
    }

    private static List<String> candidates() {
        boolean windows = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
        return windows ? List.of("nvcuda")
            : List.of("libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1");
    }

    /** Name of an error, for example CUDA_ERROR_NO_DEVICE. */
    static String name(int result) {
        long[] text = new long[1];
        cuGetErrorName(result, text);
        return (text[0] == 0 ? "CUDA error" : new Pointer(text[0]).getString(0)) + " (" + result + ")";
    }

    /**
     * Fails unless a call succeeded.
     *
     * @throws HierVlException of the environment
     */
    static void check(int result, String what) {
        if (result == 0) {
            return;
        }
        if (result == OUT_OF_MEMORY) {
            throw HierVlException
                .environment("the GPU has no memory left for " + what + ". Take a smaller crop (train.crop), smaller parts of a "
                    + "batch (train.micro_batch), or model.recompute=true");
        }
        throw HierVlException.environment("the GPU failed: " + what + ": " + name(result));
    }
}
