package io.hiervl.structure;

import java.util.Locale;

/** Numbers for people. */
final class Amount {
    private static final String[] PREFIXES = {"", " k", " M", " G", " T", " P"};

    private Amount() {
    }

    /** Three digits with a decimal prefix, such as {@code 1.23 M}. */
    static String of(double value) {
        int p = 0;
        double v = value;
        while (v >= 999.5 && p < PREFIXES.length - 1) {
            v /= 1000;
            p++;
        }
        String digits = p == 0 || v >= 99.95 ? String.format(Locale.ROOT, "%.0f", v)
            : String.format(Locale.ROOT, v >= 9.995 ? "%.1f" : "%.2f", v);
        return digits + PREFIXES[p];
    }

    /** A count of which three digits matter. */
    static String of(long value) {
        return of((double) value);
    }

    /** A count with a unit. */
    static String of(long value, String unit) {
        return of((double) value, unit);
    }

    /** The same with a unit, such as {@code 1.23 MB}. */
    static String of(double value, String unit) {
        String number = of(value);
        return number.contains(" ") ? number + unit : number + " " + unit;
    }

    /** Text as it may stand in HTML and XML, also inside quotes. */
    static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
