package io.hiervl.bench;

import io.hiervl.Progress;
import java.util.ArrayList;
import java.util.List;

/**
 * Times of one piece of work. On a machine with other work, samples during which other processes used less than 0.2
 * cores count for the median if there are at least three of them.
 *
 * @param medianMs    median, ms
 * @param minMs       fastest, of all samples
 * @param maxMs       slowest
 * @param runs        calls
 * @param samples     timed groups of calls: short calls are grouped, because the system counts its load in hundredths of a second
 * @param quiet       samples that other processes did not disturb
 * @param othersCores cores that other processes used, median; NaN where the system does not tell
 * @param ownCores    cores that this process used, median
 * @param firstMs     the first call, with graph construction and cold code
 */
record Timing(double medianMs, double minMs, double maxMs, int runs, int samples, int quiet, double othersCores, double ownCores,
    double firstMs) {
    private static final int MOST = 200;
    private static final double GROUP_SECONDS = 0.25;

    private record Sample(double seconds, double others, double own) {
    }

    /**
     * Measures.
     *
     * @param warmSeconds calls that are not counted go on for so long (at least two of them), until hot code is compiled
     * @param least       fewest samples
     * @param budget      seconds after which enough samples are enough; three times as many if too few were quiet
     */
    static Timing of(Runnable work, double warmSeconds, int least, double budget, Progress progress) {
        double first = seconds(work);
        double one = seconds(work);
        for (double spent = one; spent < warmSeconds; spent += one) {
            one = seconds(work);
        }
        int group = one < 0.1 ? Math.max(1, (int) (GROUP_SECONDS / Math.max(one, 1e-6))) : 1;
        List<Sample> samples = new ArrayList<>();
        long start = System.nanoTime();
        while (true) {
            samples.add(sample(work, group));
            double spent = (System.nanoTime() - start) / 1e9;
            long quiet = samples.stream().filter(s -> !(s.others >= Quiet.CORES)).count();
            boolean done =
                samples.size() >= MOST || samples.size() >= least && spent > budget && (quiet >= Math.min(3, least) || spent > 3 * budget);
            progress.update(samples.size(), done ? samples.size() : Math.max(least, samples.size() + 1), "");
            if (done) {
                break;
            }
        }
        return summary(samples, group, first);
    }

    private static double seconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e9;
    }

    private static Sample sample(Runnable work, int group) {
        Load before = Load.now();
        long start = System.nanoTime();
        for (int i = 0; i < group; i++) {
            work.run();
        }
        double spent = (System.nanoTime() - start) / 1e9;
        Load after = Load.now();
        double own = after.own() - before.own();
        return new Sample(spent / group, Math.max(0, after.busy() - before.busy() - own) / spent, own / spent);
    }

    private static Timing summary(List<Sample> samples, int group, double first) {
        List<Sample> quiet = samples.stream().filter(s -> !(s.others >= Quiet.CORES)).toList();
        List<Sample> used = quiet.size() >= 3 ? quiet : samples;
        return new Timing(median(used.stream().map(Sample::seconds).toList()) * 1e3,
            samples.stream().mapToDouble(Sample::seconds).min().orElseThrow() * 1e3,
            samples.stream().mapToDouble(Sample::seconds).max().orElseThrow() * 1e3, samples.size() * group, samples.size(), quiet.size(),
            median(samples.stream().map(Sample::others).toList()), median(samples.stream().map(Sample::own).toList()), first * 1e3);
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int n = sorted.size();
        return n % 2 == 1 ? sorted.get(n / 2) : (sorted.get(n / 2 - 1) + sorted.get(n / 2)) / 2;
    }
}
