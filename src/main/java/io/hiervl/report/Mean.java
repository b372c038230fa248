package io.hiervl.report;

import java.util.Arrays;
import java.util.Locale;

/**
 * Mean of a measure over runs.
 *
 * @param value of the mean; NaN without runs
 * @param error standard error of the mean, from the sample deviation; NaN for fewer than two runs
 * @param runs  number of runs
 */
record Mean(double value, double error, int runs) {
    static Mean of(double... values) {
        int n = values.length;
        double mean = Arrays.stream(values).average().orElse(Double.NaN);
        double square = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
        return new Mean(mean, n < 2 ? Double.NaN : Math.sqrt(square / (n - 1) / n), n);
    }

    /** Whether the mean is further from zero than two standard errors. */
    boolean counts() {
        return Math.abs(value) > 2 * error;
    }

    /**
     * "57.8 ± 1.0 (3)"; without an error for one run; "-" for none.
     *
     * @param format    of the mean, such as {@code %.1f} or {@code %+.1f}
     * @param plusMinus between mean and error
     */
    String text(String format, String plusMinus) {
        if (runs == 0) {
            return "-";
        }
        String mean = String.format(Locale.ROOT, format, value);
        return runs < 2 ? mean : mean + plusMinus + String.format(Locale.ROOT, "%.1f (%d)", error, runs);
    }
}
