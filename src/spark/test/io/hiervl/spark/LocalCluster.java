package io.hiervl.spark;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.launcher.JavaModuleOptions;

/** A driver with two executors, each a process of its own with bounded memory. */
final class LocalCluster implements AutoCloseable {
    static final String MASTER = "local-cluster[2,1,1024]";

    final Process process;
    private final Path out;
    private final Path err;

    private LocalCluster(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /**
     * Starts a driver.
     *
     * @param folder for its output and Spark's files
     * @param main   class with a main method
     */
    static LocalCluster start(Path folder, Class<?> main, Object... args) throws Exception {
        Path home = Files.createDirectories(folder.resolve("spark-home"));
        Files.createDirectories(home.resolve("jars"));
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(p -> Path.of(p).toAbsolutePath().toString()).reduce((a, b) -> a + File.pathSeparator + b).orElseThrow();
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx700m"));
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptions().strip().split("\\s+")));
        command.addAll(List.of("-Djava.awt.headless=true", "-Dspark.master=" + MASTER, "-Dspark.app.name=test", "-Dspark.ui.enabled=false",
            "-Dspark.driver.host=127.0.0.1", "-Dspark.driver.bindAddress=127.0.0.1", "-Dspark.executor.memory=700m",
            "-Dspark.executor.extraClassPath=" + classPath, "-Dspark.local.dir=" + folder.resolve("local"),
            "-Dspark.stage.maxConsecutiveAttempts=1", "-Dhiervl.home=" + Path.of("").toAbsolutePath(), "-cp", classPath, main.getName()));
        for (Object arg : args) {
            command.add(String.valueOf(arg));
        }
        Path out = folder.resolve("driver.out");
        Path err = folder.resolve("driver.err");
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().put("SPARK_HOME", home.toString());
        builder.environment().put("SPARK_SCALA_VERSION", "2.12");
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        builder.environment().put("OMP_NUM_THREADS", "1");
        return new LocalCluster(builder.start(), out, err);
    }

    /** Executors that run now, each the child of a worker in the driver. */
    List<ProcessHandle> executors() {
        return process.descendants().filter(p -> commandLine(p).contains("CoarseGrainedExecutorBackend")).filter(ProcessHandle::isAlive)
            .toList();
    }

    /** {@link ProcessHandle.Info} knows the first 4096 bytes alone, which the class path fills. */
    private static String commandLine(ProcessHandle process) {
        Path whole = Path.of("/proc", String.valueOf(process.pid()), "cmdline");
        try {
            return Files.exists(whole) ? Files.readString(whole) : process.info().commandLine().orElse("");
        } catch (IOException e) {
            return ""; // it ended meanwhile
        }
    }

    /** Waits for the end; returns standard output. */
    String await(int seconds) throws Exception {
        assertTrue(process.waitFor(seconds, TimeUnit.SECONDS), () -> "still running after " + seconds + " s\n" + text(out) + text(err));
        return text(out);
    }

    String errors() {
        return text(err);
    }

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
