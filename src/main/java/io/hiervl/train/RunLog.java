package io.hiervl.train;

import io.hiervl.report.MetricsCsv;
import io.hiervl.report.TensorBoardWriter;
import java.nio.file.Path;
import java.util.Map;

/** The figures of a run, as {@code metrics.csv} and as TensorBoard events in {@code events/}. */
final class RunLog implements AutoCloseable {
    private final MetricsCsv table;
    private final TensorBoardWriter events;

    /** @param done finished steps; rows logged after them, before an interruption, are dropped from the table */
    RunLog(Path run, long done) {
        Path file = run.resolve("metrics.csv");
        table = done == 0 ? MetricsCsv.create(file) : MetricsCsv.resume(file, done);
        events = new TensorBoardWriter(run.resolve("events"), System.currentTimeMillis());
    }

    void add(long step, Map<String, Double> figures) {
        table.add(step, figures);
        events.add(step, System.currentTimeMillis(), figures);
    }

    @Override
    public void close() {
        try (table) {
            events.close();
        }
    }
}
