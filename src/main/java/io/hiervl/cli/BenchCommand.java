package io.hiervl.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hiervl.HierVlException;
import io.hiervl.bench.Benchmark;
import io.hiervl.bench.Cases;
import io.hiervl.op.kernel.KernelChoice;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Speed and peak memory. */
@Command(name = "bench", mixinStandardHelpOptions = true,
    description = "Measures parts of the network, inference and training steps on random weights, each in a process of its own: time and peak memory.")
final class BenchCommand implements Callable<Integer> {
    private static final String MARK = "RESULT";
    private final Console console;

    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    /** Which network. */
    enum Size { TINY, VIT_B16, ALL }

    /** Arithmetic of dense layers. */
    enum Precision { FP32, BF16 }

    @Option(names = "--size", defaultValue = "all", converter = SizeName.class, description = "tiny, vit-b16 or all (default ${DEFAULT-VALUE}).")
    Size size;

    @Option(names = "--only", split = ",", paramLabel = "NAME", description = "Only these cases; also steps of other sizes, for example "
        + "'step vit-b16-384 1+1' or 'step vit-b16-512 2+2 81 classes'.")
    List<String> only = new ArrayList<>();

    @Option(names = "--precision", defaultValue = "fp32", description = "Dense arithmetic: fp32 or bf16 (default ${DEFAULT-VALUE}).")
    Precision precision;

    @Option(names = "--runs", defaultValue = "5", description = "Fewest timed samples (default ${DEFAULT-VALUE}).")
    int runs;

    @Option(names = "--threads", description = "Threads (default: OMP_NUM_THREADS, else all cores).")
    Integer threads;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    @Option(names = "--case", hidden = true)
    String single;

    BenchCommand(Console console) {
        this.console = console;
    }

    static final class SizeName implements CommandLine.ITypeConverter<Size> {
        @Override
        public Size convert(String value) {
            try {
                return Size.valueOf(value.toUpperCase(Locale.ROOT).replace('-', '_'));
            } catch (IllegalArgumentException e) {
                throw new CommandLine.TypeConversionException("'" + value + "' is not one of tiny, vit-b16, all");
            }
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (runs < 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--runs must be at least 1");
        }
        String arithmetic = precision.name().toLowerCase(Locale.ROOT);
        if (single != null) {
            console.println(MARK + new ObjectMapper().writeValueAsString(Benchmark.run(single, arithmetic, runs, console.progress(single))));
            return 0;
        }
        List<String> names = names();
        List<JsonNode> rows = new ArrayList<>();
        if (!json) {
            console.println(String.format(Locale.ROOT, "%-34s %9s %10s %10s %10s %6s %8s", "case", "precision", "median ms", "min", "max", "runs", "peak MB"));
        }
        for (String name : names) {
            JsonNode row = child(name, arithmetic);
            rows.add(row);
            if (!json) {
                console.println(String.format(Locale.ROOT, "%-34s %9s %10.2f %10.2f %10.2f %6d %8d", name, arithmetic, row.get("median_ms").asDouble(),
                    row.get("min_ms").asDouble(), row.get("max_ms").asDouble(), row.get("runs").asInt(), row.get("peak_rss_mb").asInt()));
            }
        }
        if (json) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("rows", rows);
            document.put("machine", machine());
            console.json(document);
        }
        return 0;
    }

    private List<String> names() {
        if (only.isEmpty()) {
            return Cases.names(size != Size.VIT_B16, size != Size.TINY);
        }
        for (String name : only) {
            if (!Cases.exists(name.strip())) {
                throw new CommandLine.ParameterException(spec.commandLine(), "no case '" + name + "'; there are: " + String.join(", ", Cases.names(true, true)));
            }
        }
        return only.stream().map(String::strip).toList();
    }

    /** Runs a case in a Java machine of its own, started like this one. */
    private JsonNode child(String name, String arithmetic) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // An archive of classes is written by one process only.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(a -> !a.startsWith("-XX:ArchiveClassesAtExit")).forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName(), "bench", "--case", name, "--precision", arithmetic,
            "--runs", Integer.toString(runs)));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        if (threads != null) {
            builder.environment().put("OMP_NUM_THREADS", threads.toString());
        }
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int exit = process.waitFor();
            String line = out.lines().filter(l -> l.startsWith(MARK)).findFirst().orElse(null);
            if (exit != 0 || line == null) {
                throw HierVlException.environment("case '" + name + "' ended with exit code " + exit + " and no result");
            }
            return new ObjectMapper().readTree(line.substring(MARK.length()));
        } finally {
            process.destroy();
        }
    }

    private Map<String, Object> machine() {
        Cpu cpu = Cpu.read();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("cpu", cpu.model());
        facts.put("features", List.copyOf(cpu.features()));
        facts.put("cores", Runtime.getRuntime().availableProcessors());
        facts.put("threads", threads != null ? threads.toString() : System.getenv().getOrDefault("OMP_NUM_THREADS", "all"));
        facts.put("memory", Memory.gib(Memory.machine()));
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        facts.put("java", System.getProperty("java.version"));
        facts.put("kernels", KernelChoice.describe());
        facts.put("hiervl", Version.of("io.hiervl", "hiervl"));
        return facts;
    }
}
