package io.hiervl.cli;

import com.fasterxml.jackson.core.type.TypeReference;
import io.hiervl.bench.Benchmark;
import io.hiervl.bench.Growth;
import io.hiervl.bench.OpProfile;
import io.hiervl.bench.Soak;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The cases of {@code bench} that give a table of their own: growth, soak and profile. Each adds to the document and the page. */
record BenchTables(BenchChild child, Console console) {
    /** Whether this is such a case. */
    static boolean has(String name) {
        return !Growth.of(name).isEmpty() || Soak.is(name) || !OpProfile.of(name).isEmpty();
    }

    /**
     * Runs a case.
     *
     * @param document gets lists {@code growth}, {@code soak} and {@code profile}
     * @return the tables for people
     */
    List<String> run(String name, Map<String, Object> document) {
        List<String> pages = new ArrayList<>();
        for (Growth.Series series : Growth.of(name)) {
            List<Benchmark.Row> rows = new ArrayList<>();
            for (String step : series.cases()) {
                Benchmark.Row row = child.run(step).get(0);
                console.note(String.format(Locale.ROOT, "%s: median %.0f ms, %d of %d samples quiet, peak %d MB", row.name(),
                    row.median_ms(), row.quiet(),
                    row.samples(), row.peak_rss_mb()));
                rows.add(row);
            }
            List<Growth.Line> lines = Growth.lines(series, rows);
            list(document, "growth").addAll(lines);
            list(document, "rows").addAll(rows);
            pages.add(Growth.markdown(series, lines));
        }
        if (Soak.is(name)) {
            Soak.Result result = child.run(name, List.of(), new TypeReference<>() {});
            list(document, "soak").add(result);
            pages.add(result.markdown());
        }
        for (String profiled : OpProfile.of(name)) {
            OpProfile.Result result = child.run(OpProfile.CASE + " " + profiled, List.of(OpProfile.OPTION), new TypeReference<>() {});
            list(document, "profile").add(result);
            pages.add(result.markdown());
        }
        return pages;
    }

    @SuppressWarnings("unchecked")
    private static List<Object> list(Map<String, Object> document, String key) {
        return (List<Object>) document.computeIfAbsent(key, k -> new ArrayList<>());
    }
}
