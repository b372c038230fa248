package io.hiervl.backend.cuda;

import com.sun.jna.Native;
import io.hiervl.HierVlException;
import io.hiervl.backend.Matmul;
import io.hiervl.backend.Operand;
import io.hiervl.backend.Traffic;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * One GPU: its context, one stream on which everything happens in order, and the kernels of the program. Safe for several threads; each
 * thread that comes gets the context.
 */
final class CudaDevice {
    /** CUDA 11.8, which came with driver R520: the oldest that reads the PTX. */
    private static final int OLDEST_DRIVER = 11080;
    private static final int OLDEST_CAPABILITY = 8;
    private static final int STUB_LIBRARY = 34;
    private static final int NO_DEVICE = 100;
    private static final int MAJOR = 75;
    private static final int MINOR = 76;
    private static final int MULTIPROCESSORS = 16;
    private static final int NON_BLOCKING = 1;

    private final int ordinal;
    private final String name;
    private final int capability;
    private final int multiprocessors;
    private final int driver;
    private final long memory;
    private final long context;
    private final long stream;
    private final long module;
    private final Map<String, Long> functions = new ConcurrentHashMap<>();
    /** Null while nobody counts. */
    private volatile LaunchObserver observer;
    /** A thread has one device at a time, and may have another later. */
    private static final ThreadLocal<CudaDevice> CURRENT = new ThreadLocal<>();
    private final PinnedBlocks pinned = new PinnedBlocks();
    private final LongAdder uploads = new LongAdder();
    private final LongAdder uploadedBytes = new LongAdder();
    private final LongAdder downloads = new LongAdder();
    private final LongAdder downloadedBytes = new LongAdder();
    private final LongAdder waits = new LongAdder();
    private final LongAdder launches = new LongAdder();

    private CudaDevice(int ordinal, int device, int driver, int capability) {
        this.ordinal = ordinal;
        this.driver = driver;
        this.capability = capability;
        byte[] text = new byte[128];
        Driver.check(Driver.cuDeviceGetName(text, text.length, device), "cuDeviceGetName");
        name = Native.toString(text);
        multiprocessors = attribute(MULTIPROCESSORS, device);
        long[] value = new long[1];
        Driver.check(Driver.cuDeviceTotalMem_v2(value, device), "cuDeviceTotalMem");
        memory = value[0];
        Driver.check(Driver.cuDevicePrimaryCtxRetain(value, device), "its context");
        context = value[0];
        use();
        Driver.check(Driver.cuStreamCreate(value, NON_BLOCKING), "cuStreamCreate");
        stream = value[0];
        int result = Driver.cuModuleLoadData(value, zeroTerminated(KernelImage.text()));
        if (result != 0) {
            throw HierVlException
                .environment("the driver of the GPU " + name + " does not take the program's kernels: " + Driver.name(result)
                    + "; install driver R520 or newer");
        }
        module = value[0];
    }

    /**
     * Opens a GPU.
     *
     * @param library the driver's library; null: the usual one
     * @throws HierVlException of the environment, in one sentence: no driver, no GPU of this number, or one that is too old
     */
    static CudaDevice open(String library, int ordinal) {
        Driver.load(library);
        int result = Driver.cuInit(0);
        if (result == STUB_LIBRARY) {
            throw HierVlException
                .environment("the CUDA library found is the toolkit's stub, not a driver: install NVIDIA's driver R520 or newer");
        }
        if (result != NO_DEVICE) {
            Driver.check(result, "cuInit");
        }
        int[] value = new int[1];
        if (result == 0) {
            Driver.check(Driver.cuDeviceGetCount(value), "cuDeviceGetCount");
        }
        int count = value[0];
        if (count == 0) {
            throw HierVlException.environment("the NVIDIA driver finds no GPU");
        }
        if (ordinal >= count) {
            throw HierVlException.environment("there is no GPU cuda:" + ordinal + "; the driver finds " + count + ", the first is cuda:0");
        }
        Driver.check(Driver.cuDriverGetVersion(value), "cuDriverGetVersion");
        int driver = value[0];
        if (driver < OLDEST_DRIVER) {
            throw HierVlException.environment("the NVIDIA driver supports CUDA " + version(driver) + ", this program needs CUDA "
                + version(OLDEST_DRIVER) + ": install driver R520 or newer");
        }
        Driver.check(Driver.cuDeviceGet(value, ordinal), "cuDeviceGet");
        int device = value[0];
        int major = attribute(MAJOR, device);
        int minor = attribute(MINOR, device);
        if (major < OLDEST_CAPABILITY) {
            throw HierVlException.environment("the GPU cuda:" + ordinal + " has compute capability " + major + "." + minor
                + ", this program needs 8.0 or newer (Ampere, Ada, Hopper, Blackwell)");
        }
        return new CudaDevice(ordinal, device, driver, 10 * major + minor);
    }

    private static String version(int number) {
        return number / 1000 + "." + number % 1000 / 10;
    }

    private static int attribute(int which, int device) {
        int[] value = new int[1];
        Driver.check(Driver.cuDeviceGetAttribute(value, which, device), "cuDeviceGetAttribute");
        return value[0];
    }

    private static byte[] zeroTerminated(String text) {
        return (text + "\0").getBytes(StandardCharsets.UTF_8);
    }

    /** Makes this device the one of the calling thread. */
    void use() {
        if (CURRENT.get() != this) {
            Driver.check(Driver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
            CURRENT.set(this);
        }
    }

    Traffic traffic() {
        return new Traffic(uploads.sum(), uploadedBytes.sum(), downloads.sum(), downloadedBytes.sum(), waits.sum(), launches.sum());
    }

    /** Another library may have given the calling thread another device. */
    static void forget() {
        CURRENT.remove();
    }

    int ordinal() {
        return ordinal;
    }

    /** For messages: {@code cuda:0}. */
    String place() {
        return "cuda:" + ordinal;
    }

    /** One line for reports. */
    String describe() {
        return place() + " (" + name + ", compute capability " + capability / 10 + "." + capability % 10 + ", " + (memory >> 20)
            + " MiB, driver for CUDA " + version(driver) + ")";
    }

    int multiprocessors() {
        return multiprocessors;
    }

    long stream() {
        return stream;
    }

    /** Tells an observer of everything that is started from now on; null: nobody. */
    void observe(LaunchObserver told) {
        observer = told;
    }

    /** Tells of a product that another library computes. */
    void tell(Matmul s, Operand a, Operand b, Operand c, boolean tensorCores) {
        LaunchObserver told = observer;
        if (told != null) {
            told.started("product", LaunchSize.bytes(s, a, b, c), LaunchSize.flops(s), tensorCores);
        }
    }

    private void tell(String what, long bytes) {
        LaunchObserver told = observer;
        if (told != null) {
            told.started(what, bytes, 0, false);
        }
    }

    /** Bytes that are free now. */
    long freeBytes() {
        use();
        long[] free = new long[1];
        long[] total = new long[1];
        Driver.check(Driver.cuMemGetInfo_v2(free, total), "cuMemGetInfo");
        return free[0];
    }

    long allocate(long bytes) {
        use();
        long[] address = new long[1];
        Driver.check(Driver.cuMemAlloc_v2(address, bytes), "an array of " + (bytes + (1 << 20) - 1 >> 20) + " MiB");
        return address[0];
    }

    void free(long address) {
        use();
        Driver.check(Driver.cuMemFree_v2(address), "cuMemFree");
    }

    void upload(long device, long host, long bytes) {
        use();
        uploads.increment();
        uploadedBytes.add(bytes);
        if (pinned.upload(device, host, bytes, stream)) {
            return;
        }
        Driver.check(Driver.cuMemcpyHtoDAsync_v2(device, host, bytes, stream), "a copy to the device");
    }

    /** Waits for everything that was started before. */
    void download(long host, long device, long bytes) {
        use();
        downloads.increment();
        downloadedBytes.add(bytes);
        Driver.check(Driver.cuMemcpyDtoHAsync_v2(host, device, bytes, stream), "a copy from the device");
        synchronize();
    }

    void copy(long to, long from, long bytes) {
        use();
        tell("copy", 2 * bytes);
        Driver.check(Driver.cuMemcpyDtoDAsync_v2(to, from, bytes, stream), "a copy on the device");
    }

    void clear(long device, long bytes) {
        use();
        tell("clear", bytes);
        Driver.check(Driver.cuMemsetD8Async(device, (byte) 0, bytes, stream), "cuMemset");
    }

    void synchronize() {
        use();
        waits.increment();
        Driver.check(Driver.cuStreamSynchronize(stream), "an earlier kernel");
    }

    /** Starts a kernel. */
    void launch(String kernel, int gridX, int gridY, int gridZ, int blockX, int blockY, Object... arguments) {
        use();
        launches.increment();
        long function = functions.computeIfAbsent(kernel, this::function);
        LaunchObserver told = observer;
        if (told != null) {
            told.started(kernel, LaunchSize.bytes(kernel, arguments), LaunchSize.flops(kernel, gridZ, arguments),
                LaunchSize.rounds(kernel));
        }
        Driver.check(Driver.cuLaunchKernel(function, gridX, gridY, gridZ, blockX, blockY, 1, 0, stream, Arguments.pack(arguments), 0),
            "kernel " + kernel);
    }

    private long function(String kernel) {
        long[] value = new long[1];
        Driver.check(Driver.cuModuleGetFunction(value, module, zeroTerminated(kernel)), "kernel " + kernel);
        return value[0];
    }
}
