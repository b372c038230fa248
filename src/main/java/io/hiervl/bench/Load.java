package io.hiervl.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the processor and this process have done so far, in seconds of one core.
 *
 * @param busy of all processes, NaN where the system does not tell (only Linux does)
 * @param own  of this process
 */
record Load(double busy, double own) {
    private static final double TICKS = 100;

    static Load now() {
        double own = Double.NaN;
        if (ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system) {
            own = system.getProcessCpuTime() / 1e9;
        }
        return new Load(busySeconds(), own);
    }

    private static double busySeconds() {
        try {
            String[] f = Files.readAllLines(Path.of("/proc/stat")).get(0).trim().split("\\s+");
            // user, nice, system, irq, softirq, stolen
            double sum = 0;
            for (int i : new int[] {1, 2, 3, 6, 7, 8}) {
                sum += Long.parseLong(f[i]);
            }
            return sum / TICKS;
        } catch (IOException | RuntimeException e) {
            return Double.NaN;
        }
    }

    /** Largest resident set of this process so far in MB (2^20 bytes), -1 where the system does not tell. */
    static long peakMb() {
        return statusMb("VmHWM:");
    }

    /** Resident set of this process in MB (2^20 bytes), -1 where the system does not tell. */
    static long residentMb() {
        return statusMb("VmRSS:");
    }

    private static long statusMb(String key) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith(key)) {
                    return Math.round(Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0);
                }
            }
        } catch (IOException e) {
            return -1;
        }
        return -1;
    }
}
