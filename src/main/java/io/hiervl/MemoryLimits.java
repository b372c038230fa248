package io.hiervl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.bytedeco.javacpp.Pointer;

/**
 * The memory that there is, to be compared with what a setting would need before anything is allocated: native libraries end
 * the process when an allocation fails or a size overflows.
 */
public final class MemoryLimits {
    /** Values that one array may have: Java and the native libraries count them in 32 bits. */
    public static final double LARGEST_ARRAY = Integer.MAX_VALUE - 8.0;

    /** Weights above it are damaged: their products overflow, and native code takes what comes out for positions in memory. */
    public static final double LARGEST_VALUE = 1e15;

    private MemoryLimits() {
    }

    /** Bytes of arrays outside the heap: the limit that JavaCPP was given, and at most what machine or container has. */
    public static long arrays() {
        long machine = machine();
        long limit = Pointer.maxBytes();
        return limit > 0 ? Math.min(limit, machine) : machine;
    }

    /** Memory of this machine or container in bytes. */
    public static long machine() {
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
        return limit;
    }

    /**
     * Refuses work that cannot fit.
     *
     * @param what    the work, as the subject of the message
     * @param bytes   the least it needs; doubles do not overflow
     * @param largest values of its largest array
     * @param advice  what to lower
     * @throws HierVlException configuration error (exit 3) with the numbers
     */
    public static void require(String what, double bytes, double largest, String advice) {
        if (!(largest <= LARGEST_ARRAY)) {
            throw HierVlException.config(String.format(Locale.ROOT, "%s needs an array of %.4g values, one array can have %.4g; lower %s",
                what, largest, LARGEST_ARRAY, advice));
        }
        long there = arrays();
        if (!(bytes <= (double) there)) {
            throw HierVlException.config(String.format(Locale.ROOT, "%s needs at least %s of memory for arrays, there is %s; lower %s",
                what, gib(bytes), gib((double) there), advice));
        }
    }

    /**
     * Refuses arrays of floats that Java's heap cannot hold.
     *
     * @param values number of floats
     * @throws HierVlException data error (exit 3) with the numbers
     */
    public static void requireHeap(String what, double values, String advice) {
        long heap = Runtime.getRuntime().maxMemory();
        if (!(values <= LARGEST_ARRAY) || Float.BYTES * values > (double) heap) {
            throw HierVlException.data(String.format(Locale.ROOT, "%s needs %s of Java heap, there is %s; lower %s or raise -Xmx",
                what, gib(Float.BYTES * values), gib((double) heap), advice));
        }
    }

    private static String gib(double bytes) {
        return String.format(Locale.ROOT, bytes < 1e16 ? "%.1f GiB" : "%.3g GiB", bytes / (1L << 30));
    }
}
