package io.hiervl.backend.cuda;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A GPU made of the CPU: the kernels of {@code src/main/cuda}, compiled by g++ behind the driver's functions ({@code src/test/cuda}). It is
 * built once; tests that need it are skipped where there is no g++.
 */
public final class Emulator {
    /** Thread orders: forwards, backwards, shuffled. */
    public static final List<Integer> ORDERS = List.of(0, 1, 7);

    private static final Path LIBRARY = Path.of("target", "cuda", "libhiervl_emulator.so").toAbsolutePath();
    /** Tests run on the machine's GPU instead, in its own order of threads: {@code -Dhiervl.cuda.real=true}. */
    private static final boolean REAL = Boolean.getBoolean("hiervl.cuda.real");
    private static CudaBackend backend;
    private static CudaBackend ownProducts;

    private Emulator() {
    }

    /** The emulated GPU with cuBLAS; skips the test where it cannot be built. */
    public static synchronized CudaBackend backend() {
        if (backend == null) {
            backend = REAL ? CudaBackend.open(0) : CudaBackend.open(library(), library(), 0);
        }
        return backend;
    }

    /** The emulated GPU whose products are the program's own. */
    static synchronized CudaBackend ownProducts() {
        if (ownProducts == null) {
            ownProducts = CudaBackend.open(REAL ? null : library(), "none", 0);
        }
        return ownProducts;
    }

    /** Several emulated GPUs with cuBLAS. */
    public static synchronized List<io.hiervl.backend.Backend> several(int n) {
        pretend("devices", n);
        try {
            List<io.hiervl.backend.Backend> all = new java.util.ArrayList<>();
            for (int i = 0; i < n; i++) {
                all.add(i == 0 ? backend() : CudaBackend.open(library(), library(), i));
            }
            return all;
        } finally {
            pretend("devices", 0);
        }
    }

    /** Lets the threads of a block run in another order from now on. */
    public static void order(int order) {
        if (!REAL) {
            function("hiervl_emu_order", order);
        }
    }

    /** Lets the emulator say what another machine would say; 0 takes it back. */
    public static void pretend(String what, int value) {
        function("hiervl_emu_pretend", what, value);
    }

    /**
     * Launches, copies up, copies down, bytes up, bytes down, bytes in use, arrays in use, since the start; and the most bytes that were in
     * use of a device that only counts.
     */
    public static long[] counters() {
        long[] values = new long[8];
        function("hiervl_emu_counters", values);
        return values;
    }

    /**
     * Runs a task with a device of 1 TiB that computes nothing: every kernel is started, none runs, and what is read back is zero. It has
     * cuBLAS.
     */
    public static void counting(java.util.function.Consumer<CudaBackend> task) {
        String library = library();
        CudaBackend.open(library, library, 0);
        pretend("count", 1);
        try {
            task.accept(CudaBackend.open(library, library, 0));
        } finally {
            pretend("count", 0);
        }
    }

    private static void function(String name, Object... arguments) {
        NativeLibrary.getInstance(library()).getFunction(name).invokeVoid(arguments);
    }

    /** Path of the emulator's library: the one that is named as the driver, else one that is newer than its sources. */
    public static synchronized String library() {
        try {
            if (REAL) {
                Assumptions.abort("this test needs the emulator");
            }
            String given = System.getProperty(Driver.PROPERTY);
            if (given != null) {
                return given;
            }
            if (!Files.exists(LIBRARY) || Files.getLastModifiedTime(LIBRARY).compareTo(newestSource()) < 0) {
                build();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return LIBRARY.toString();
    }

    private static FileTime newestSource() throws IOException {
        FileTime newest = FileTime.fromMillis(0);
        for (String folder : new String[] {"src/main/cuda", "src/test/cuda"}) {
            try (Stream<Path> files = Files.list(Path.of(folder))) {
                for (Path file : files.toList()) {
                    FileTime time = Files.getLastModifiedTime(file);
                    newest = time.compareTo(newest) > 0 ? time : newest;
                }
            }
        }
        return newest;
    }

    private static void build() throws IOException {
        Path log = Files.createDirectories(LIBRARY.getParent()).resolve("build.log");
        Process process;
        try {
            new ProcessBuilder("g++", "--version").redirectErrorStream(true).redirectOutput(log.toFile()).start();
            process = new ProcessBuilder("bash", "src/test/cuda/build.sh", LIBRARY + ".new", "src/main/cuda").redirectErrorStream(true)
                .redirectOutput(log.toFile()).start();
        } catch (IOException e) {
            Assumptions.abort("the GPU emulator needs bash and g++: " + e.getMessage());
            return;
        }
        try {
            if (!process.waitFor(5, TimeUnit.MINUTES) || process.exitValue() != 0) {
                process.destroy();
                throw new AssertionError("the GPU emulator cannot be built: " + Files.readString(log));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        Files.move(Path.of(LIBRARY + ".new"), LIBRARY, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
}
