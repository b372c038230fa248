package io.hiervl.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.bytedeco.javacpp.Pointer;

/** Memory limits of this process and machine. */
final class Memory {
    private Memory() {
    }

    /** Largest Java heap in bytes. */
    static long heap() {
        return Runtime.getRuntime().maxMemory();
    }

    /** Largest size of ND4J's and oneDNN's arrays in bytes; 0 for no limit. */
    static long offHeap() {
        return Pointer.maxBytes();
    }

    /** Memory that this machine or container offers in bytes, -1 if unknown. */
    static long machine() {
        long limit = Long.MAX_VALUE;
        for (String file : new String[] {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
            try {
                limit = Math.min(limit, Long.parseLong(Files.readString(Path.of(file)).strip()));
            } catch (IOException | NumberFormatException e) {
                // No such limit here.
            }
        }
        var system = java.lang.management.ManagementFactory.getOperatingSystemMXBean();
        if (system instanceof com.sun.management.OperatingSystemMXBean detailed) {
            limit = Math.min(limit, detailed.getTotalMemorySize());
        }
        return limit == Long.MAX_VALUE ? -1 : limit;
    }

    static String gib(long bytes) {
        return bytes < 0 ? "unknown" : String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
    }

    /** What to do when memory ran out. */
    static String advice() {
        return "Java heap " + gib(heap()) + ", arrays " + (offHeap() == 0 ? "without limit" : gib(offHeap())) + ", machine "
            + gib(machine())
            + ". Try a smaller train.micro_batch or train.crop, model.recompute=true, or raise the limits, for example"
            + " HIERVL_JAVA_OPTS='-Xmx8g -Dorg.bytedeco.javacpp.maxbytes=16g'";
    }
}
