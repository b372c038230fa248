package io.hiervl.bench;

import io.hiervl.Progress;
import io.hiervl.op.SameDiffOps;
import java.util.ArrayList;
import java.util.List;

/** Runs one case in this process. */
public final class Benchmark {
    private static final double WARM_SECONDS = 3;
    private static final double BUDGET_SECONDS = 8;
    private static final double OPERATION_SECONDS = 1.5;
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
     * @return one row, or one for each kernel and direction of the case {@link Cases#OPERATIONS}
     */
    public static List<Row> run(String name, String precision, int runs, Progress progress) {
        boolean look = runs < LOOK;
        if (!Cases.isOperations(name)) {
            Runnable work = Cases.prepare(name, precision);
            double warm = look ? 0 : name.contains("tiny") ? 3 * WARM_SECONDS : WARM_SECONDS;
            return List.of(row(name, precision, Timing.of(work, warm, runs, look || Cases.isLong(name) ? 0 : BUDGET_SECONDS, progress)));
        }
        SameDiffOps.start();
        List<Row> rows = new ArrayList<>();
        for (String operation : Cases.operations(name)) {
            Operations.prepare(operation).forEach((direction, work) -> rows.add(row(direction, precision,
                Timing.of(work, look ? 0 : OPERATION_SECONDS, runs, look ? 0 : OPERATION_SECONDS, progress))));
        }
        return rows;
    }

    private static Row row(String name, String precision, Timing t) {
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
