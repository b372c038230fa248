package io.hiervl.cli;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.train.StopSignal;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;

/**
 * Processes that work on one experiment side by side, started with the options of this one. The locks of run folders share out
 * the runs. A worker stops and saves as soon as its standard input ends, however this process ends.
 *
 * @param command of a worker, {@code experiment} and its arguments
 * @param threads of each worker
 */
record ExperimentWorkers(List<String> command, int threads) {
    private static final long LOOK_MILLIS = 300;

    /**
     * Runs workers until all have ended.
     *
     * @param done  counts finished runs
     * @param total number of runs
     * @return 0, or the exit code of the first worker that failed; the others are stopped then
     */
    int run(int workers, IntSupplier done, int total, StopSignal stop, Progress progress) {
        List<Process> all = new ArrayList<>();
        try {
            for (int i = 0; i < workers; i++) {
                all.add(start());
            }
            int failed = 0;
            while (all.stream().anyMatch(Process::isAlive)) {
                Thread.sleep(LOOK_MILLIS);
                progress.update(done.getAsInt(), total, workers + " at a time");
                failed = failed != 0 ? failed
                    : all.stream().filter(p -> !p.isAlive()).mapToInt(Process::exitValue).filter(e -> e != 0).findFirst().orElse(0);
                if (stop.isSet() || failed != 0) {
                    end(all);
                }
            }
            return failed != 0 ? failed : all.stream().mapToInt(Process::exitValue).filter(e -> e != 0).findFirst().orElse(0);
        } catch (IOException e) {
            throw HierVlException.environment("no worker could be started: " + AtomicFile.reason(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw HierVlException.environment("interrupted while the runs were in work", e);
        } finally {
            end(all);
        }
    }

    private Process start() throws IOException {
        List<String> line = new ArrayList<>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // An archive of classes is written by one process only.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(a -> !a.startsWith("-XX:ArchiveClassesAtExit"))
            .forEach(line::add);
        line.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        line.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(line).redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
        return builder.start();
    }

    /** Asks the workers to stop; those that have ended do not mind. */
    private static void end(List<Process> workers) {
        for (Process p : workers) {
            try {
                p.getOutputStream().close();
            } catch (IOException e) {
                p.destroy(); // a worker without input cannot be asked
            }
        }
    }
}
