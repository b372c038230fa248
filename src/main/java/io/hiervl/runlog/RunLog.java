package io.hiervl.runlog;

import java.nio.file.Path;
import java.util.Map;

/** The figures of a run, in {@code metrics.csv} and as TensorBoard events in {@code events/}. */
public final class RunLog implements AutoCloseable {
    private final MetricsCsv csv;
    private final TensorBoardWriter events;

    /** @param first finished steps; what was logged after them is dropped from the table */
    public RunLog(Path run, long first) {
        Path file = run.resolve("metrics.csv");
        csv = first == 0 ? MetricsCsv.create(file) : MetricsCsv.resume(file, first);
        events = new TensorBoardWriter(run.resolve("events"), System.currentTimeMillis());
    }

    /** Adds a row, or more values to the row of the last step; an empty one is none. */
    public void add(long step, Map<String, Double> row) {
        if (!row.isEmpty()) {
            csv.add(step, row);
            events.add(step, System.currentTimeMillis(), row);
        }
    }

    /** Whether the row of the last step has a value in a column whose name begins so. */
    public boolean has(long step, String prefix) {
        return csv.has(step, prefix);
    }

    @Override
    public void close() {
        try (csv) {
            events.close();
        }
    }
}
