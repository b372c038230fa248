package io.hiervl;

import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.LoggerFactory;

/**
 * Does something with a file once in a process of its own: native libraries do not check what a graph tells them, and damaged ones end the
 * process or never come back. The trial's {@code main} calls {@link #perform}.
 */
public final class ProcessTrial {
    private static final int FINE = 40;
    private static final int FAILED = 41;
    private static final int SAID = 42;
    private static final long BUSY = 10;
    private static final long LEAST_HEAP = 2L << 30;
    private static final String STARTED = "trial started";

    private ProcessTrial() {
    }

    /** What is tried; anything that it throws refuses the file. */
    @FunctionalInterface
    public interface Work {
        void run() throws Exception;
    }

    /**
     * Runs a trial and waits for it. Where no process can be started, a warning says so.
     *
     * @param main     has the trial's main method, which gets the path
     * @param file     file or folder
     * @param seconds  until the trial is given up, of two cores' work; ten times as long if it gets no work done
     * @param damaged  subject of the error's sentence, to which "ends the process" or the like is added
     * @param repeated whether the caller does the same work afterwards, so that it gives sentences about the file itself
     * @throws HierVlException model error: the trial ended its process, did not end, or failed
     */
    public static void require(Class<?> main, Path file, long seconds, String damaged, boolean repeated) {
        Path log = null;
        try {
            long heap = Math.max(LEAST_HEAP, Runtime.getRuntime().maxMemory());
            log = Files.createTempFile("hiervl-trial-", ".log");
            Process child = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx" + heap,
                "-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + (File.separatorChar == '/' ? "/dev/null" : "NUL"),
                "-Djava.awt.headless=true", "-Dorg.bytedeco.javacpp.maxbytes=" + Math.max(heap, Pointer.maxBytes()),
                "-Dorg.bytedeco.javacpp.maxphysicalbytes=0", "-cp", System.getProperty("java.class.path"),
                main.getName(), file.toString())).redirectErrorStream(true).redirectOutput(log.toFile()).start();
            if (!ends(child, seconds)) {
                child.destroyForcibly().waitFor();
                throw HierVlException.model(file + ": " + damaged + " does not end within " + seconds + " seconds");
            }
            if (child.exitValue() != FINE && !(repeated && child.exitValue() == SAID)) {
                judge(file, damaged, child.exitValue(), Files.readString(log, StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            unchecked(main, file, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw HierVlException.environment("interrupted while " + file + " was tried");
        } finally {
            delete(log);
        }
    }

    /** Counts the time that the CPU worked for the trial: on a busy machine a good file takes minutes. */
    private static boolean ends(Process child, long seconds) throws InterruptedException {
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(BUSY * seconds);
        while (!child.waitFor(1, TimeUnit.SECONDS)) {
            long worked = child.info().totalCpuDuration().map(Duration::toSeconds).orElse(0L);
            if (worked > 2 * seconds || System.nanoTime() > patience) {
                return false;
            }
        }
        return true;
    }

    private static void judge(Path file, String damaged, int code, String output) {
        String reason = output.lines().filter(l -> l.startsWith("refused: ")).map(l -> l.substring(9)).findFirst().orElse(null);
        if (!output.contains(STARTED)) {
            unchecked(ProcessTrial.class, file, "the process ended with code " + code);
        } else {
            throw HierVlException.model(file + ": " + damaged + " "
                + ((code == FAILED || code == SAID) && reason != null ? "fails: " + reason : "ends the process (code " + code + ")"));
        }
    }

    private static void unchecked(Class<?> main, Path file, String why) {
        LoggerFactory.getLogger(main).warn("{} could not be tried in a process of its own: {}", file, why);
    }

    private static void delete(Path log) {
        try {
            if (log != null) {
                Files.deleteIfExists(log);
            }
        } catch (IOException e) {
            // A small file stays in the folder for temporary files.
        }
    }

    /** The trial's side: does the work and ends the process with a code that tells how it went. */
    public static void perform(Work work) {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        out.println(STARTED);
        int code = FINE;
        try {
            work.run();
            OffHeap.collect();
        } catch (HierVlException e) {
            out.println("refused: " + e.getMessage());
            code = SAID;
        } catch (Throwable e) {
            String first = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            out.println("refused: " + first + " (" + e.getClass().getSimpleName() + ")");
            code = FAILED;
        }
        Runtime.getRuntime().halt(code);
    }
}
