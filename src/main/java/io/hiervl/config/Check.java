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

    /** A path that the operating system takes. */
    static void path(String key, String path) {
        that(path.chars().noneMatch(c -> c < 32), key + " has a control character in '" + path.replaceAll("\\p{Cntrl}", "?") + "'; it must be a path");
        try {
            java.nio.file.Path.of(path);
        } catch (java.nio.file.InvalidPathException e) {
            throw HierVlException.config(key + " is '" + path + "', which is no path: " + e.getReason());
        }
    }

    /** A path in the data folder: a description that came with data must not name other files of the machine. */
    static void inside(String key, String path) {
        path(key, path);
        that(!path.isBlank() && !java.nio.file.Path.of(path).isAbsolute() && !path.startsWith("/") && !path.replace('\\', '/').matches("(.*/)?\\.\\.(/.*)?"),
            key + " is '" + path + "'; it must be a path in the data folder, without '..'");
    }

    static void that(boolean ok, String message) {
        if (!ok) {
            throw HierVlException.config(message);
        }
    }
}
