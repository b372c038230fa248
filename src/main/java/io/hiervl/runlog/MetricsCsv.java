package io.hiervl.runlog;

import io.hiervl.AtomicFile;
import io.hiervl.Csv;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * {@code metrics.csv}: one row a logged step, first column {@code step}, one column a quantity, empty cells for quantities
 * not measured in that step. Each row is flushed, so that an interrupted run keeps what it logged. A quantity that appears
 * later rewrites the file with one more column. Not safe for several threads.
 */
public final class MetricsCsv implements AutoCloseable {
    private static final long LARGEST = 1 << 28;
    private static final Pattern NUMBER = Pattern.compile("-?(\\d{1,40}(\\.\\d{0,40})?([eE][-+]?\\d{1,9})?|NaN|Infinity)");

    private final Path file;
    private final Set<String> columns = new LinkedHashSet<>();
    private BufferedWriter writer;
    private long last = -1;

    private MetricsCsv(Path file) {
        InputFiles.requireRegular(file, HierVlException.Kind.DATA);
        this.file = file;
    }

    /** Starts an empty file, replacing one that exists. */
    public static MetricsCsv create(Path file) {
        MetricsCsv csv = new MetricsCsv(file);
        csv.columns.add("step");
        csv.rewrite(List.of());
        return csv;
    }

    /** Continues a file after {@code step}: later rows, logged before an interruption and now repeated, are dropped. */
    public static MetricsCsv resume(Path file, long step) {
        if (!Files.exists(file)) {
            return create(file);
        }
        MetricsCsv csv = new MetricsCsv(file);
        List<Map<String, String>> kept = new ArrayList<>();
        for (Map<String, String> row : rows(file, csv.columns)) {
            String number = row.getOrDefault("step", "");
            if (number.matches("\\d{1,18}") && Long.parseLong(number) <= step) {
                row.values().removeIf(cell -> !number(cell));
                kept.add(row);
                csv.last = Long.parseLong(number);
            }
        }
        csv.columns.removeIf(name -> !Csv.cell(name).equals(name));
        csv.columns.add("step");
        csv.rewrite(kept);
        return csv;
    }

    /** Whether the last row is of this step and has a value in a column whose name begins so. */
    boolean has(long step, String prefix) {
        if (step != last) {
            return false;
        }
        List<Map<String, String>> rows = rows(file, new LinkedHashSet<>());
        return rows.get(rows.size() - 1).entrySet().stream().anyMatch(e -> e.getKey().startsWith(prefix) && !e.getValue().isEmpty());
    }

    /** Adds a row, or more values to the row of the last step. NaN and infinities are written as such. */
    public void add(long step, Map<String, Double> values) {
        try {
            boolean more = step == last;
            if (more || !columns.containsAll(values.keySet())) {
                writer.close();
                List<Map<String, String>> before = rows(file, new LinkedHashSet<>());
                columns.addAll(values.keySet());
                if (more && !before.isEmpty()) {
                    values.forEach((name, value) -> before.get(before.size() - 1).put(name, Double.toString(value)));
                }
                rewrite(before);
                if (more) {
                    return;
                }
            }
            last = step;
            Map<String, String> row = new LinkedHashMap<>();
            values.forEach((name, value) -> row.put(name, Double.toString(value)));
            row.put("step", Long.toString(step));
            writer.write(line(row));
            writer.flush();
        } catch (IOException e) {
            throw AtomicFile.failure(file, e);
        }
    }

    /** Columns by name, in the order of the file; missing cells are NaN. A cut last row is left out. */
    public static Map<String, double[]> read(Path file) {
        Set<String> names = new LinkedHashSet<>();
        List<Map<String, String>> rows = rows(file, names);
        Map<String, double[]> result = new LinkedHashMap<>();
        for (String name : names) {
            result.put(name, rows.stream().mapToDouble(row -> value(row.getOrDefault(name, ""))).toArray());
        }
        return result;
    }

    @Override
    public void close() {
        try {
            writer.close();
        } catch (IOException e) {
            throw AtomicFile.failure(file, e);
        }
    }

    private static double value(String cell) {
        return number(cell) ? Double.parseDouble(cell) : Double.NaN;
    }

    private static boolean number(String cell) {
        return NUMBER.matcher(cell).matches();
    }

    private static List<Map<String, String>> rows(Path file, Set<String> names) {
        try {
            String text = InputFiles.text(file, "a table of metrics", LARGEST, HierVlException.Kind.DATA);
            // A row without its line break was cut by a crash.
            List<String> lines = text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
            List<Map<String, String>> rows = new ArrayList<>();
            if (lines.isEmpty()) {
                return rows;
            }
            names.addAll(Arrays.asList(lines.get(0).split(",", -1)));
            List<String> order = List.copyOf(names);
            for (String line : lines.subList(1, lines.size())) {
                String[] cells = line.split(",", -1);
                Map<String, String> row = new LinkedHashMap<>();
                for (int i = 0; i < Math.min(cells.length, order.size()); i++) {
                    row.put(order.get(i), cells[i]);
                }
                rows.add(row);
            }
            return rows;
        } catch (IOException e) {
            throw HierVlException.environment("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    private void rewrite(List<Map<String, String>> rows) {
        StringBuilder text = new StringBuilder(String.join(",", columns)).append('\n');
        rows.forEach(row -> text.append(line(row)));
        AtomicFile.write(file, text.toString());
        try {
            writer = new BufferedWriter(new OutputStreamWriter(AtomicFile.appended(file), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw AtomicFile.failure(file, e);
        }
    }

    private String line(Map<String, String> row) {
        return String.join(",", columns.stream().map(name -> row.getOrDefault(name, "")).toList()) + "\n";
    }
}
