package io.hiervl.bench;

import io.hiervl.Progress;

/** Runs one case in this process. */
public final class Benchmark {
    private static final double WARM_SECONDS = 3;
    private static final double BUDGET_SECONDS = 8;
    private static final int LOOK = 3;

    private Benchmark() {
    }

    /**
     * One measured case.
     *
     * @param name        of the case
     * @param precision   {@code fp32} or {@code bf16}
     * @param median_ms   median of the undisturbed samples, of all if fewer than three were
     * @param min_ms      fastest
     * @param max_ms      slowest
     * @param runs        timed calls
     * @param samples     timed groups of calls
     * @param quiet       samples during which other processes used less than 0.2 cores
     * @param others_cores cores used by other processes, null where the system does not tell
     * @param own_cores   cores used by this process
     * @param first_ms    first call, with graph construction and cold code
     * @param peak_rss_mb largest resident set of the process, preparation included; -1 where the system does not tell
     */
    public record Row(String name, String precision, double median_ms, double min_ms, double max_ms, int runs, int samples, int quiet,
                      Double others_cores, Double own_cores, double first_ms, long peak_rss_mb) {
        /** Whether the median is one of undisturbed samples. */
        public boolean undisturbed() {
            return quiet >= 3 || others_cores == null;
        }
    }

    /**
     * Prepares, warms up and measures a case.
     *
     * @param runs fewest samples; fewer than three are a look only, without the seconds of warming up and of patience
     */
    public static Row run(String name, String precision, int runs, Progress progress) {
        Runnable work = Cases.prepare(name, precision);
        double warm = runs < LOOK ? 0 : name.contains("tiny") ? 3 * WARM_SECONDS : WARM_SECONDS;
        Timing t = Timing.of(work, warm, runs, runs < LOOK || Cases.isLong(name) ? 0 : BUDGET_SECONDS, progress);
        return new Row(name, precision, round(t.medianMs()), round(t.minMs()), round(t.maxMs()), t.runs(), t.samples(), t.quiet(),
            known(t.othersCores()), known(t.ownCores()), round(t.firstMs()), Load.peakMb());
    }

    private static double round(double ms) {
        return Math.round(ms * 1e3) / 1e3;
    }

    private static Double known(double cores) {
        return Double.isNaN(cores) ? null : Math.round(cores * 100) / 100.0;
    }
}
