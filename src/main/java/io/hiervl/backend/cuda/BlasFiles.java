package io.hiervl.backend.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Where cuBLAS 11, 12 or 13 may be: the system, CUDA toolkits, environments of conda and Python. */
final class BlasFiles {
    /** lib/python3.11/site-packages/nvidia/cublas/lib/libcublas.so.12. */
    private static final int DEPTH = 7;
    private static final int NEWEST = 13;
    private static final int OLDEST = 11;

    private BlasFiles() {
    }

    static List<String> ofThisMachine() {
        boolean windows = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
        return candidates(System::getenv, Path.of(System.getProperty("user.home")), windows);
    }

    /**
     * Names in the order in which they are to be tried.
     *
     * @param environment value of a variable, or null
     * @param home        the user's folder, with packages that {@code pip --user} installed
     */
    static List<String> candidates(UnaryOperator<String> environment, Path home, boolean windows) {
        List<String> names = new ArrayList<>();
        for (int version = NEWEST; version >= OLDEST; version--) {
            names.add(windows ? "cublas64_" + version : "libcublas.so." + version);
        }
        for (String root : Stream.of(environment.apply("CUDA_HOME"), environment.apply("CUDA_PATH"), windows ? null : "/usr/local/cuda",
            windows ? null : "/opt/cuda").filter(Objects::nonNull).distinct().toList()) {
            for (int version = NEWEST; version >= OLDEST; version--) {
                names.add(windows ? root + "\\bin\\cublas64_" + version + ".dll" : root + "/lib64/libcublas.so." + version);
            }
        }
        for (String root : Stream.of(environment.apply("CONDA_PREFIX"), environment.apply("VIRTUAL_ENV")).filter(Objects::nonNull)
            .toList()) {
            names.addAll(below(Path.of(root, windows ? "Lib" : "lib"), windows));
            names.addAll(windows ? below(Path.of(root, "Library", "bin"), true) : List.of());
        }
        names.addAll(windows ? List.of() : below(home.resolve(".local/lib"), false));
        return names;
    }

    /** Libraries below a folder, the newest first. */
    private static List<String> below(Path folder, boolean windows) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        String pattern = windows ? "cublas64_1[123]\\.dll" : "libcublas\\.so\\.1[123]";
        try (Stream<Path> files = Files.find(folder, DEPTH, (p, a) -> p.getFileName().toString().matches(pattern))) {
            return files.sorted(Comparator.comparing((Path p) -> p.getFileName().toString()).reversed()).map(Path::toString).toList();
        } catch (IOException | java.io.UncheckedIOException e) {
            return List.of();
        }
    }
}
