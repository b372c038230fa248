package io.hiervl;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The largest differences that a test run has seen. With the system property {@code numbers.file} a table of them replaces the
 * part of that file between its two markers when the tests end.
 */
public final class GoldenNumbers {
    private static final String BEGIN = "<!-- numbers: written by the tests, see the command above -->";
    private static final String END = "<!-- end of numbers -->";
    private static final Map<String, Row> ROWS = new TreeMap<>();

    private static final class Row {
        private int tensors;
        private double largest;
        private String largestAt = "";
        private double share;
        private String shareAt = "";

        private void add(String at, double difference, double part) {
            tensors++;
            if (difference > largest) {
                largest = difference;
                largestAt = at;
            }
            if (part > share) {
                share = part;
                shareAt = at;
            }
        }

        private String line(String key) {
            return String.format(Locale.ROOT, "| %s | %d | %s | %s |%n", key.replace("/", " | "), tensors,
                largest == 0 ? "0" : String.format(Locale.ROOT, "%.1e (%s)", largest, largestAt),
                share == 0 ? "0" : String.format(Locale.ROOT, "%.2g (%s)", share, shareAt));
        }
    }

    static {
        String file = System.getProperty("numbers.file");
        if (file != null) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> write(Path.of(file))));
        }
    }

    private GoldenNumbers() {
    }

    /**
     * Remembers one comparison.
     *
     * @param setting which ops, kernels and precision
     * @param largest largest absolute difference
     * @param share   largest difference as a share of what is tolerated there
     */
    public static synchronized void add(String topic, String setting, String name, String tensor, double largest, double share) {
        ROWS.computeIfAbsent(topic + "/" + setting, k -> new Row()).add(name + ": " + tensor, largest, share);
    }

    private static synchronized void write(Path file) {
        try {
            String text = Files.readString(file);
            int from = text.indexOf(BEGIN);
            int to = text.indexOf(END);
            if (from < 0 || to < from) {
                throw new IllegalStateException(file + " lacks the markers " + BEGIN + " and " + END);
            }
            StringBuilder table = new StringBuilder(BEGIN).append(System.lineSeparator())
                .append("| topic | computed with | tensors | largest difference | largest share of the tolerance |")
                .append(System.lineSeparator())
                .append("|---|---|---|---|---|").append(System.lineSeparator());
            ROWS.forEach((key, row) -> table.append(row.line(key)));
            Files.writeString(file, text.substring(0, from) + table + text.substring(to));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
