package io.hiervl.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** What the CUDA build of ND4J could do with a graphics card; see docs/cuda.md for where the list comes from. */
record Gpu(String name, String capability) {
    private static final Set<String> NATIVE = Set.of("3.7", "5.0", "5.2", "6.0", "6.1", "7.0", "7.5", "8.0", "8.6");
    static final String BUILD =
        "the CUDA build (mvn -Dcuda) is compile-checked and was never executed on a GPU; nd4j-cuda-11.6 1.0.0-M2.1 has"
            + " code for compute capabilities 3.7 to 8.6, also runs on 8.9 by binary compatibility, and not on Hopper "
            + "(9.0) or Blackwell (10.x, 12.x)";

    /** The NVIDIA cards that nvidia-smi lists, none if there is no driver. */
    static List<Gpu> list() {
        List<Gpu> found = new ArrayList<>();
        try {
            Process process = new ProcessBuilder("nvidia-smi", "--query-gpu=name,compute_cap", "--format=csv,noheader")
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return found;
            }
            for (String line : new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
                int comma = line.lastIndexOf(',');
                if (process.exitValue() == 0 && comma > 0) {
                    found.add(new Gpu(line.substring(0, comma).strip(), line.substring(comma + 1).strip()));
                }
            }
        } catch (IOException e) {
            return found;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return found;
    }

    /** Whether the published binaries have code for it. */
    boolean supported() {
        return NATIVE.contains(capability) || capability.equals("8.9");
    }

    String verdict() {
        return name + " (compute capability " + capability + "): " + (NATIVE.contains(capability) ? "nd4j-cuda-11.6 has code for it"
            : supported() ? "nd4j-cuda-11.6 runs its 8.6 code by binary compatibility"
                : "nd4j-cuda-11.6 has no code for it, use the CPU build");
    }
}
