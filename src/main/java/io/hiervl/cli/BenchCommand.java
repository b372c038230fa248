package io.hiervl.cli;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.jvm.Parallel;
import io.hiervl.bench.Benchmark;
import io.hiervl.bench.Cases;
import io.hiervl.bench.Comparison;
import io.hiervl.bench.OpProfile;
import io.hiervl.bench.Peer;
import io.hiervl.bench.Soak;
import io.hiervl.config.ModelConfig;
import io.hiervl.model.ComputeSettings;
import java.io.IOException;
import java.nio.file.Files;
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

/** Speed and peak memory, alone or beside PyTorch. */
@Command(name = "bench", mixinStandardHelpOptions = true,
    description = "Measures parts of the network, inference and training steps on random weights, each in a process "
        + "of its own: time and peak "
        + "memory. With --peer the PyTorch program is measured in turns and the ratios are printed.")
final class BenchCommand implements Callable<Integer> {
    private final Console console;

    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    /** Which network. */
    enum Size { TINY, VIT_B16, ALL }

    /** Arithmetic of dense layers. */
    enum Precision { FP32, BF16 }

    @Option(names = "--size", defaultValue = "all", converter = SizeName.class,
        description = "tiny, vit-b16 or all (default ${DEFAULT-VALUE}).")
    Size size;

    @Option(names = "--only", split = ",", paramLabel = "NAME",
        description = "Only these cases; also 'ops', the kernels by themselves ('ops gelu': "
            + "those with that word), steps of other sizes, for example 'step vit-b16-384 1+1', 'step vit-b16-512 2+2 81 classes' or "
            + "'step vit-b16-512 1+1 recompute', 'growth' (or 'growth size', 'growth classes', 'growth batch'), 'soak' "
            + "(or 'soak 500 2+2': steps and images) and 'profile' (or 'profile CASE').")
    List<String> only = new ArrayList<>();

    @Option(names = "--precision", defaultValue = "fp32",
        description = "Arithmetic of dense layers: ${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).")
    Precision precision;

    @Option(names = "--runs", defaultValue = "5",
        description = "Fewest timed samples (default ${DEFAULT-VALUE}); below 3 without warm-up, for a look.")
    int runs;

    @Option(names = "--threads", description = "Threads (default: OMP_NUM_THREADS, else all cores).")
    Integer threads;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    @Option(names = "--peer", paramLabel = "DIR", description = "Folder with hiervl_torch: measure it in turns with this program.")
    Path peer;

    @Option(names = "--python", defaultValue = "python3", paramLabel = "FILE",
        description = "Interpreter with PyTorch and transformers (default ${DEFAULT-VALUE}).")
    Path python;

    @Option(names = "--rounds", defaultValue = "2",
        description = "Processes of each program per case, in turns (default ${DEFAULT-VALUE}).")
    int rounds;

    @Option(names = "--patience", defaultValue = "0",
        description = "With --peer: so many more rounds for a case until a round is undisturbed by "
            + "other processes; if there is one, only undisturbed rounds count (default ${DEFAULT-VALUE}).")
    int patience;

    @Option(names = "--wait", defaultValue = "0", paramLabel = "SECONDS",
        description = "With --peer: wait for a quiet machine before each process, at most so long.")
    int wait;

    @Option(names = "--markdown", paramLabel = "FILE",
        description = "Also write the table of ratios there, or those of growth, soak and profile.")
    Path markdown;

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
    public Integer call() throws IOException {
        requirePositive("--runs", runs);
        requirePositive("--rounds", rounds);
        int used = threads == null ? Parallel.threads() : threads;
        requirePositive("--threads", used);
        ComputeSettings.requireAvailable(ModelConfig.Precision.valueOf(precision.name()), Backends.compute());
        String arithmetic = precision.name().toLowerCase(Locale.ROOT);
        if (single != null) {
            console.println(BenchChild.encode(measure(arithmetic)));
            return 0;
        }
        BenchChild child = new BenchChild(arithmetic, runs, used);
        return peer == null ? alone(child) : compare(child);
    }

    private Object measure(String arithmetic) {
        if (Soak.is(single)) {
            return Soak.run(single, arithmetic, console.progress(single));
        }
        if (!OpProfile.of(single).isEmpty()) {
            return OpProfile.run(OpProfile.of(single).get(0), arithmetic);
        }
        return Benchmark.run(single, arithmetic, runs, console.progress(single));
    }

    private int alone(BenchChild child) throws IOException {
        List<String> names = names(Cases.names(size != Size.VIT_B16, size != Size.TINY));
        if (markdown != null && names.stream().noneMatch(BenchTables::has)) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--markdown needs --peer, or a case growth, soak or profile");
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("rows", new ArrayList<>());
        List<String> pages = new ArrayList<>();
        for (String name : names.stream().filter(BenchTables::has).toList()) {
            for (String page : new BenchTables(child, console).run(name, document)) {
                pages.add(page);
                if (!json) {
                    console.println(page);
                }
            }
        }
        List<String> plain = names.stream().filter(n -> !BenchTables.has(n)).toList();
        if (!plain.isEmpty()) {
            rows(child, plain, document);
        }
        if (markdown != null) {
            AtomicFile.write(AtomicFile.named(markdown), String.join("\n", pages));
        }
        if (json) {
            document.put("machine", machine(child.threads()));
            console.json(document);
        }
        return 0;
    }

    @SuppressWarnings("unchecked")
    private void rows(BenchChild child, List<String> names, Map<String, Object> document) {
        List<Object> rows = (List<Object>) document.get("rows");
        if (!json) {
            console.println(String.format(Locale.ROOT, "%-50s %9s %10s %10s %10s %6s %8s", "case", "precision", "median ms", "min", "max",
                "runs", "peak MB"));
        }
        for (String name : names) {
            for (Benchmark.Row r : child.run(name)) {
                rows.add(r);
                if (!json) {
                    console.println(String.format(Locale.ROOT, "%-50s %9s %10.2f %10.2f %10.2f %6d %8d", r.name(), r.precision(),
                        r.median_ms(), r.min_ms(),
                        r.max_ms(), r.runs(), r.peak_rss_mb()));
                }
            }
        }
    }

    private int compare(BenchChild child) throws IOException {
        if (markdown != null) {
            Folders.requireFile(markdown, "the table");
        }
        List<Rounds.Round> all = new ArrayList<>();
        Path onnx = Files.createTempDirectory("hiervl-onnx");
        try {
            Peer torch = new Peer(peer, python, child.threads(), onnx);
            Rounds turns = new Rounds(rounds, patience, wait, console);
            for (String name : names(Comparison.names())) {
                List<String> others = Comparison.peerCases(name, child.precision());
                all.addAll(turns.run(name, other -> torch.run(other, child.precision()), others, () -> child.run(name)));
            }
        } finally {
            deleteFiles(onnx);
        }
        List<Benchmark.Row> mine = all.stream().flatMap(r -> r.hiervl().stream()).toList();
        List<Benchmark.Row> theirs = all.stream().flatMap(r -> r.peer().stream()).toList();
        List<Comparison.Line> lines = Comparison.lines(child.precision(), mine, theirs);
        if (markdown != null) {
            AtomicFile.write(AtomicFile.named(markdown), Comparison.markdown(lines));
        }
        if (json) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("table", lines);
            document.put("rows", mine);
            document.put("peer", theirs);
            document.put("machine", machine(child.threads()));
            console.json(document);
        } else {
            console.println(Comparison.markdown(lines).stripTrailing());
        }
        return 0;
    }

    private static void deleteFiles(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    private List<String> names(List<String> all) {
        if (only.isEmpty()) {
            return all;
        }
        for (String name : only) {
            if (peer != null && BenchTables.has(name.strip())) {
                throw new CommandLine.ParameterException(spec.commandLine(),
                    "'" + name + "' has no counterpart in the peer: measure it without --peer");
            }
            if (!Cases.exists(name.strip()) && !BenchTables.has(name.strip())) {
                throw new CommandLine.ParameterException(spec.commandLine(),
                    "no case '" + name + "'; there are: " + String.join(", ", Cases.names(true, true)));
            }
        }
        return only.stream().map(String::strip).toList();
    }

    private void requirePositive(String option, int value) {
        if (value < 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), option + " must be at least 1, is " + value);
        }
    }

    private static Map<String, Object> machine(int threads) {
        Cpu cpu = Cpu.read();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("cpu", cpu.model());
        facts.put("features", List.copyOf(cpu.features()));
        facts.put("cores", Runtime.getRuntime().availableProcessors());
        facts.put("threads", threads);
        facts.put("memory", Memory.gib(Memory.machine()));
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        facts.put("java", System.getProperty("java.version"));
        facts.put("kernels", Backends.describe());
        facts.put("device", Backends.describeDevice());
        facts.put("hiervl", Version.of("io.hiervl", "hiervl"));
        return facts;
    }
}
