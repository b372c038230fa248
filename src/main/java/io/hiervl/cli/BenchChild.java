package io.hiervl.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.backend.choice.Backends;
import io.hiervl.bench.Benchmark;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs a benchmark case in a Java machine of its own, started with the options of this one, so that its peak memory means something. */
record BenchChild(String precision, int runs, int threads) {
    private static final String MARK = "RESULT";

    /** What the child writes to standard output. */
    static String encode(Object result) {
        try {
            return MARK + new ObjectMapper().writeValueAsString(result);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    List<Benchmark.Row> run(String name) {
        return run(name, List.of(), new TypeReference<>() {});
    }

    /** Runs a case whose result is of this type, with more options of the Java machine. */
    <T> T run(String name, List<String> options, TypeReference<T> type) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // An archive of classes is written by one process only.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(a -> !a.startsWith("-XX:ArchiveClassesAtExit"))
            .forEach(command::add);
        command.addAll(options);
        command.addAll(
            List.of("-cp", System.getProperty("java.class.path"), Main.class.getName(), "bench", "--case", name, "--precision", precision,
                "--runs", Integer.toString(runs)));
        if (!Backends.compute().onHost()) {
            command.addAll(List.of("--device", Backends.compute().name()));
        }
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
        try {
            Process process = builder.start();
            try {
                process.getOutputStream().close();
                String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                int exit = process.waitFor();
                String line = out.lines().filter(l -> l.startsWith(MARK)).findFirst().orElse(null);
                if (exit != 0 || line == null) {
                    throw HierVlException.environment("case '" + name + "' ended with exit code " + exit + " and no result");
                }
                return new ObjectMapper().readValue(line.substring(MARK.length()), type);
            } finally {
                process.destroy();
            }
        } catch (IOException e) {
            throw HierVlException.environment("case '" + name + "' could not be run: " + AtomicFile.reason(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw HierVlException.environment("interrupted while '" + name + "' ran", e);
        }
    }
}
