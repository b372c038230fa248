package io.hiervl.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The processor as the system describes it.
 *
 * @param model    its name
 * @param features of those that matter here, the ones it has
 */
record Cpu(String model, Set<String> features) {
    private static final List<String> RELEVANT =
        List.of("sse4_2", "avx", "fma", "avx2", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16",
            "amx_tile", "amx_bf16", "asimd", "bf16");

    /** Reads /proc/cpuinfo; on other systems only the architecture is known. */
    static Cpu read() {
        String model = System.getProperty("os.arch");
        Set<String> flags = new LinkedHashSet<>();
        try {
            for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
                int colon = line.indexOf(':');
                String key = colon < 0 ? "" : line.substring(0, colon).strip();
                if (key.equals("model name")) {
                    model = line.substring(colon + 1).strip();
                } else if ((key.equals("flags") || key.equals("Features")) && flags.isEmpty()) {
                    flags.addAll(Arrays.asList(line.substring(colon + 1).strip().split("\\s+")));
                }
            }
        } catch (IOException e) {
            // Not Linux.
        }
        Set<String> kept = new LinkedHashSet<>(RELEVANT);
        kept.retainAll(flags);
        return new Cpu(model, kept);
    }

    /** The best instructions for products of bf16 numbers, null without any that are worth it. */
    String bf16() {
        for (String feature : List.of("amx_bf16", "avx512_bf16")) {
            if (features.contains(feature)) {
                return feature;
            }
        }
        return null;
    }
}
