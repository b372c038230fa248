package io.hiervl.bench;

import io.hiervl.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Many tiny training steps in one process: does its memory grow? */
public final class Soak {
    private static final Pattern CASE = Pattern.compile("soak(?: (\\d{1,6}))?(?: (\\d{1,2})\\+(\\d{1,2}))?");
    private static final int STEPS = 2000;
    private static final int IMAGES = 8;
    private static final int EVERY = 50;

    private Soak() {
    }

    /**
     * What was seen.
     *
     * @param name           case
     * @param steps          number
     * @param every          steps from sample to sample
     * @param seconds        all steps together
     * @param rss_mb         resident set after every so many steps, MB
     * @param heap_mb        used part of Java's heap at the same times
     * @param mb_per_1000    slope of a line through the second half of the samples, MB in 1,000 steps
     */
    public record Result(String name, int steps, int every, double seconds, List<Long> rss_mb, List<Long> heap_mb, double mb_per_1000) {
        /** Resident set at the first sample, the last, and the largest of all samples; for people. */
        String summary() {
            return String.format(Locale.ROOT,
                "%s: %d steps in %.0f s; resident MB first %d, last %d, maximum %d; second half %+.1f MB in 1,000 steps",
                name, steps, seconds, rss_mb.get(0), rss_mb.get(rss_mb.size() - 1),
                rss_mb.stream().mapToLong(Long::longValue).max().orElseThrow(), mb_per_1000);
        }

        /** All samples for people. */
        public String markdown() {
            StringBuilder text = new StringBuilder("| steps | resident MB | Java heap MB |\n|---|---|---|\n");
            for (int i = 0; i < rss_mb.size(); i++) {
                text.append(String.format(Locale.ROOT, "| %d | %d | %d |%n", (i + 1) * every, rss_mb.get(i), heap_mb.get(i)));
            }
            return text.append("\n").append(summary()).append("\n").toString();
        }
    }

    /** Whether this names such a run: {@code soak}, {@code soak 500}, {@code soak 500 2+2}. */
    public static boolean is(String name) {
        Matcher m = CASE.matcher(name);
        return m.matches() && (m.group(1) == null || Integer.parseInt(m.group(1)) >= 1);
    }

    /** Runs the steps in this process. */
    @SuppressWarnings("ReturnValueIgnored") // only the memory counts
    public static Result run(String name, String precision, Progress progress) {
        Matcher m = CASE.matcher(name);
        if (!m.matches()) {
            throw new IllegalArgumentException("not a soak run: " + name);
        }
        int steps = m.group(1) == null ? STEPS : Integer.parseInt(m.group(1));
        int labelled = m.group(2) == null ? IMAGES : Integer.parseInt(m.group(2));
        int unlabelled = m.group(3) == null ? IMAGES : Integer.parseInt(m.group(3));
        int every = Math.max(1, Math.min(EVERY, steps / 4));
        Supplier<Map<String, Double>> step = new Whole(Setup.tiny(Math.max(labelled, unlabelled), precision)).step(labelled, unlabelled);
        List<Long> resident = new ArrayList<>();
        List<Long> heap = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 1; i <= steps; i++) {
            step.get();
            if (i % every == 0) {
                resident.add(Load.residentMb());
                Runtime java = Runtime.getRuntime();
                heap.add(java.totalMemory() - java.freeMemory() >> 20);
            }
            progress.update(i, steps, "");
        }
        return new Result(name, steps, every, (System.nanoTime() - start) / 1e9, resident, heap, slope(resident, every));
    }

    /** Slope of the least-squares line through the second half of the samples, in 1,000 steps. */
    static double slope(List<Long> samples, int every) {
        List<Long> half = samples.subList(samples.size() / 2, samples.size());
        double middle = (half.size() - 1) / 2.0;
        double mean = half.stream().mapToLong(Long::longValue).average().orElse(0);
        double xy = 0;
        double xx = 0;
        for (int i = 0; i < half.size(); i++) {
            xy += (i - middle) * (half.get(i) - mean);
            xx += (i - middle) * (i - middle);
        }
        return xx == 0 ? 0 : xy / xx / every * 1000;
    }
}
