package io.hiervl.config;

import io.hiervl.HierVlException;
import java.lang.annotation.Annotation;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Validation of settings; every message names the setting, the value found and what is allowed. */
final class Check {
    private Check() {
    }

    /**
     * Checks what a record's constructor was given against the annotations of the components.
     *
     * @param values of all components, in their order
     */
    static void components(Class<? extends Record> type, Object... values) {
        RecordComponent[] components = type.getRecordComponents();
        if (components.length != values.length) {
            throw new IllegalArgumentException(type + " has " + components.length + " components, its constructor checks " + values.length);
        }
        Map<String, Object> given = new LinkedHashMap<>();
        for (int i = 0; i < values.length; i++) {
            given.put(components[i].getName(), values[i]);
        }
        for (RecordComponent c : components) {
            if (given.get(c.getName()) instanceof Number value) {
                for (Annotation rule : c.getAnnotations()) {
                    component(Keys.path(c), rule, value, given);
                }
            }
        }
    }

    private static void component(String key, Annotation rule, Number value, Map<String, Object> given) {
        if (rule instanceof Weight) {
            weight(key, value.doubleValue());
        } else if (rule instanceof Positive) {
            positive(key, value.doubleValue());
        } else if (rule instanceof AtLeast least) {
            atLeast(key, value.longValue(), least.value());
        } else if (rule instanceof Range range) {
            range(key, value.doubleValue(), range.least(), range.most());
        } else if (rule instanceof OneOf one) {
            that(Arrays.stream(one.value()).anyMatch(v -> v == value.intValue()), key + " is " + value + ", it must be "
                + String.join(" or ", Arrays.stream(one.value()).mapToObj(String::valueOf).toList()));
        } else if (rule instanceof NotBelow bound) {
            Number least = (Number) given.get(bound.value());
            if (Double.isInfinite(bound.most())) {
                atLeast(key, value.longValue(), least.longValue());
            } else {
                range(key, value.doubleValue(), least.doubleValue(), bound.most());
            }
        }
    }

    static void atLeast(String key, long value, long least) {
        if (value < least) {
            throw HierVlException.config(key + " is " + value + ", it must be at least " + least);
        }
    }

    static void range(String key, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            throw HierVlException.config(
                String.format(Locale.ROOT, "%s is %s, it must lie between %s and %s", key, plain(value), plain(least), plain(most)));
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
        that(path.chars().noneMatch(c -> c < 32),
            key + " has a control character in '" + path.replaceAll("\\p{Cntrl}", "?") + "'; it must be a path");
        try {
            java.nio.file.Path unused = java.nio.file.Path.of(path);
        } catch (java.nio.file.InvalidPathException e) {
            throw HierVlException.config(key + " is '" + path + "', which is no path: " + e.getReason());
        }
    }

    /** A path in the data folder: a description that came with data must not name other files of the machine. */
    static void inside(String key, String path) {
        path(key, path);
        that(
            !path.isBlank() && !java.nio.file.Path.of(path).isAbsolute() && !path.startsWith("/")
                && !path.replace('\\', '/').matches("(.*/)?\\.\\.(/.*)?"),
            key + " is '" + path + "'; it must be a path in the data folder, without '..'");
    }

    static void that(boolean ok, String message) {
        if (!ok) {
            throw HierVlException.config(message);
        }
    }
}
