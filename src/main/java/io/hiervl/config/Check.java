package io.hiervl.config;

import io.hiervl.HierVlException;
import java.util.Locale;

/** Validation of settings; every message names the setting, the value found and what is allowed. */
final class Check {
    private Check() {
    }

    static void atLeast(String key, long value, long least) {
        if (value < least) {
            throw HierVlException.config(key + " is " + value + ", it must be at least " + least);
        }
    }

    static void range(String key, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            throw HierVlException.config(String.format(Locale.ROOT, "%s is %s, it must lie between %s and %s", key, plain(value), plain(least), plain(most)));
        }
    }

    /** Whole numbers without a fraction. */
    private static String plain(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e9 ? Long.toString((long) value) : Double.toString(value);
    }

    /** Weights of loss terms and rates: finite and not negative. */
    static void weight(String key, double value) {
        if (!(value >= 0 && Double.isFinite(value))) {
            throw HierVlException.config(key + " is " + value + ", it must be a finite number that is not negative");
        }
    }

    static void positive(String key, double value) {
        if (!(value > 0 && Double.isFinite(value))) {
            throw HierVlException.config(key + " is " + value + ", it must be a finite number above 0");
        }
    }

    static void that(boolean ok, String message) {
        if (!ok) {
            throw HierVlException.config(message);
        }
    }
}
