package io.hiervl.cli;

import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.onednn.OneDnnIsa;
import io.hiervl.op.SameDiffOps;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import org.nd4j.linalg.factory.Nd4j;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Shows what the program found on this machine and what it chose. */
@Command(name = "doctor", mixinStandardHelpOptions = true,
    description = "Shows versions, CPU features, chosen kernels, memory limits and what a GPU could do.")
final class DoctorCommand implements Callable<Integer> {
    private final Console console;

    @Option(names = "--json", description = "Write one JSON document.")
    boolean json;

    DoctorCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        String problem = Binaries.problem(System.getProperty("hiervl.classifier"), Cpu.read().features());
        if (problem != null) {
            // Before the library is loaded, which may be the end.
            console.note("hiervl: " + problem);
        }
        Map<String, Object> facts = facts();
        if (json) {
            console.json(facts);
            return 0;
        }
        facts.forEach((key, value) -> console.println(String.format(java.util.Locale.ROOT, "%-12s %s", key,
            value instanceof List<?> list ? String.join(" ", list.stream().map(String::valueOf).toList()) : value)));
        return 0;
    }

    /** What the program runs on, by name; starts ND4J. */
    static Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("hiervl", Version.of("io.hiervl", "hiervl") + " in " + Home.folder());
        facts.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version") + " " + System.getProperty("os.arch"));
        Cpu cpu = Cpu.read();
        facts.put("cpu", cpu.model());
        facts.put("cores", Runtime.getRuntime().availableProcessors());
        facts.put("features", List.copyOf(cpu.features()));
        facts.put("memory", Memory.gib(Memory.machine()));
        facts.put("heap", Memory.gib(Memory.heap()));
        facts.put("arrays", Memory.offHeap() == 0 ? "no limit" : Memory.gib(Memory.offHeap()));
        SameDiffOps.start();
        facts.put("binaries", Binaries.describe());
        Properties nd4j = Nd4j.getExecutioner().getEnvironmentInformation();
        facts.put("nd4j", Version.of("org.nd4j", "nd4j-api") + ", " + Nd4j.getBackend().getClass().getSimpleName() + ", BLAS "
            + nd4j.getOrDefault("blas.vendor", "unknown"));
        facts.put("kernels", Backends.describe());
        facts.put("onednn", Backends.describe().startsWith("java") ? "not used" : OneDnnIsa.describe());
        facts.put("precision", Backends.compute().gainsFrom(Precision.BF16) && !Backends.compute().onHost()
            ? "auto means bf16 for dense layers, by the GPU"
            : Backends.host().gainsFrom(Precision.BF16) ? "auto means bf16 for dense layers, by " + cpu.bf16()
                : "auto means fp32: "
                    + (cpu.bf16() != null ? "the kernels in use cannot multiply bf16" : "this CPU has no instructions for bf16"));
        List<Gpu> gpus = Gpu.list();
        facts.put("gpu", gpus.isEmpty() ? "none found" : String.join("; ", gpus.stream().map(Gpu::verdict).toList()));
        facts.put("device", Backends.describeDevice());
        if (!Backends.compute().onHost()) {
            facts.put("staged", SameDiffOps.names().stream().filter(op -> !Backends.compute().supports(op, ElementType.FLOAT)).toList());
        }
        facts.put("cuda", Gpu.BUILD);
        return facts;
    }
}
