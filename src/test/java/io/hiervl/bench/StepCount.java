package io.hiervl.bench;

import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.cuda.Emulator;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.HostStaging;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What a case asks of a GPU, counted on a device that computes nothing, and the time that GPUs need for it by calculation. */
final class StepCount {
    /**
     * A GPU's peaks.
     *
     * @param fp32  products of 32-bit floats, in TFLOP/s
     * @param bf16  products of tensor cores with 32-bit sums, dense, in TFLOP/s
     * @param bytes memory, in TB/s
     */
    record Gpu(String name, double fp32, double bf16, double bytes) {
    }

    /** NVIDIA's data sheets: GA102 whitepaper, A100 80 GB SXM, H200 SXM. */
    static final List<Gpu> GPUS =
        List.of(new Gpu("RTX 3090", 35.6, 71, 0.936), new Gpu("A100", 19.5, 312, 2.039), new Gpu("H200", 67, 989, 4.8));
    /** Part of the peaks that is taken for reached. */
    private static final double REACHED = 0.5;

    /** One launch. */
    record Launch(String name, long bytes, long flops, boolean tensorCores) {
        double seconds(Gpu gpu) {
            double memory = bytes / (REACHED * gpu.bytes() * 1e12);
            return Math.max(memory, flops / (REACHED * (tensorCores ? gpu.bf16() : gpu.fp32()) * 1e12));
        }
    }

    private final List<Launch> launches = new ArrayList<>();
    private long up;
    private long down;
    private long mostBytes;
    private Map<String, HostStaging.Count> staged;

    private StepCount() {
    }

    /** Counts the second call of a case: the first one copies parameters. */
    static StepCount of(String name, String precision) {
        StepCount count = new StepCount();
        Emulator.counting(device -> Backends.during(device, () -> {
            Runnable task = Cases.prepare(name, precision);
            task.run();
            HostStaging.take();
            long[] before = Emulator.counters();
            device.observed((kernel, bytes, flops, tensorCores) -> count.launches.add(new Launch(kernel, bytes, flops, tensorCores)), task);
            long[] after = Emulator.counters();
            count.up = after[3] - before[3];
            count.down = after[4] - before[4];
            count.mostBytes = after[7];
            count.staged = HostStaging.take();
            GraphRunner.releaseMemory();
        }));
        return count;
    }

    List<Launch> launches() {
        return launches;
    }

    Map<String, HostStaging.Count> staged() {
        return staged;
    }

    long uploaded() {
        return up;
    }

    private static String line(String name, List<Launch> of) {
        double bytes = of.stream().mapToLong(Launch::bytes).sum() / 1e9;
        double rounded = of.stream().filter(Launch::tensorCores).mapToLong(Launch::flops).sum() / 1e12;
        double flops = of.stream().mapToLong(Launch::flops).sum() / 1e12 - rounded;
        StringBuilder line =
            new StringBuilder(String.format(Locale.ROOT, "| %s | %d | %.1f | %.2f | %.2f |", name, of.size(), bytes, rounded,
                flops));
        for (Gpu gpu : GPUS) {
            line.append(String.format(Locale.ROOT, " %.0f |", 1e3 * of.stream().mapToDouble(l -> l.seconds(gpu)).sum()));
        }
        return line.toString();
    }

    /** A table of the whole and of every kind of launch, the largest first. */
    String markdown() {
        Map<String, List<Launch>> byName = new TreeMap<>();
        launches.forEach(l -> byName.computeIfAbsent(l.name(), n -> new ArrayList<>()).add(l));
        StringBuilder text = new StringBuilder("| kernel | launches | GB | TFLOP bf16 | TFLOP fp32 |");
        GPUS.forEach(g -> text.append(" ms ").append(g.name()).append(" |"));
        text.append("\n|---|---:|---:|---:|---:|---:|---:|---:|\n").append(line("all", launches)).append('\n');
        byName.entrySet().stream().sorted((a, b) -> Long.compare(bytes(b.getValue()), bytes(a.getValue())))
            .forEach(e -> text.append(line(e.getKey(), e.getValue())).append('\n'));
        return text + String.format(Locale.ROOT, "%.0f MB up, %.0f MB down, most device memory %.1f GB, staged: %s%n", up / 1e6, down / 1e6,
            mostBytes / 1e9, staged);
    }

    private static long bytes(List<Launch> of) {
        return of.stream().mapToLong(Launch::bytes).sum();
    }
}
