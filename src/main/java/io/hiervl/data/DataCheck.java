package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.config.DatasetSpec;
import io.hiervl.data.DataReport.Problem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** Reads every file that the lists name, in parallel, and reports everything that is wrong at once. */
public final class DataCheck {
    private final Dataset dataset;
    private final Map<String, SplitList> lists = new LinkedHashMap<>();
    private final Map<Sample, SampleInspection> inspections = new HashMap<>();
    private final List<Problem> problems = new ArrayList<>();

    private DataCheck(Dataset dataset) {
        this.dataset = dataset;
    }

    /**
     * Checks a folder by its dataset.yaml.
     *
     * @throws HierVlException no folder or no valid description; everything else is in the report
     */
    public static DataReport run(Path folder, Progress progress) {
        return run(Dataset.open(folder), progress);
    }

    /** Checks an opened data set. */
    public static DataReport run(Dataset dataset, Progress progress) {
        FileNames.forget();
        DataCheck check = new DataCheck(dataset);
        for (String role : DatasetSpec.ROLES) {
            if (dataset.spec().lists().containsKey(role)) {
                check.parse(role, dataset.spec().lists().get(role));
            }
        }
        check.inspect(progress);
        check.lists.forEach(check::report);
        new Overlaps(check.problems, check.inspections).find(check.lists);
        return check.report();
    }

    private void parse(String role, String name) {
        try {
            SplitList list = SplitList.parse(dataset.root().resolve(name), dataset.root());
            lists.put(role, list);
            for (SplitList.Fault f : list.faults()) {
                problems.add(new Problem(f.text(), name, f.line(), "list syntax", f.why(), true));
            }
            for (String note : list.notes()) {
                problems.add(new Problem(name, name, 0, "list format", note + " (tolerated)", false));
            }
            if (list.samples().isEmpty()) {
                problems.add(new Problem(name, name, 0, "list syntax", "names no image", true));
            }
        } catch (HierVlException e) {
            problems.add(new Problem(name, name, 0, "missing", e.getMessage(), true));
        }
    }

    private void inspect(Progress progress) {
        // One inspection per pair of files, however many lists name it.
        Map<List<Path>, Future<SampleInspection>> work = new LinkedHashMap<>();
        long total = lists.values().stream().mapToLong(SplitList::size).sum();
        AtomicLong done = new AtomicLong();
        ExecutorService pool = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        try {
            for (SplitList list : lists.values()) {
                for (Sample s : list.samples()) {
                    work.computeIfAbsent(key(s), k -> pool.submit(() -> {
                        SampleInspection result = SampleInspection.of(s, dataset.labels());
                        progress.update(done.incrementAndGet(), total, s.image());
                        return result;
                    }));
                }
            }
            for (SplitList list : lists.values()) {
                for (Sample s : list.samples()) {
                    inspections.put(s, work.get(key(s)).get());
                }
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException r ? r : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while checking data", e);
        } finally {
            pool.shutdownNow();
        }
    }

    private static List<Path> key(Sample s) {
        return s.hasMask() ? List.of(s.imagePath(), s.maskPath()) : List.of(s.imagePath());
    }

    private void report(String role, SplitList list) {
        String name = list.file().getFileName().toString();
        for (Sample s : list.samples()) {
            if (!s.hasMask() && !role.equals("unlabeled")) {
                problems.add(new Problem(s.image(), name, s.line(), "no mask", "the line names no mask; the list " + role + " needs one", true));
            }
            for (SampleInspection.Finding f : inspections.get(s).findings()) {
                // Masks of unlabelled images only serve the log, so training can go on without them.
                boolean stops = f.stops() && !(role.equals("unlabeled") && f.file().equals(s.mask()));
                problems.add(new Problem(f.file(), name, s.line(), f.problem(), f.detail(), stops));
            }
        }
    }

    private DataReport report() {
        List<String> classes = dataset.spec().classes();
        int[] images = new int[classes.size()];
        long[] pixels = new long[classes.size()];
        SplitList labelled = lists.get("labeled");
        for (Sample s : labelled == null ? List.<Sample>of() : labelled.samples()) {
            long[] counts = inspections.get(s).pixels();
            for (int c = 0; counts != null && c < counts.length; c++) {
                images[c] += counts[c] > 0 ? 1 : 0;
                pixels[c] += counts[c];
            }
        }
        List<DataReport.Frequency> frequencies = new ArrayList<>();
        for (int c = 0; c < classes.size(); c++) {
            frequencies.add(new DataReport.Frequency(classes.get(c), images[c], pixels[c]));
            if (pixels[c] == 0 && labelled != null) {
                String list = labelled.file().getFileName().toString();
                problems.add(new Problem(list, list, 0, "class without labels",
                    "no labelled pixel of class " + c + " '" + classes.get(c) + "' in " + labelled.size() + " images", false));
            }
        }
        List<DataReport.ListSummary> summaries = new ArrayList<>();
        lists.forEach((role, list) -> summaries.add(new DataReport.ListSummary(role, dataset.spec().lists().get(role), list.size(),
            (int) list.samples().stream().filter(Sample::hasMask).count())));
        return new DataReport(dataset.spec().name(), List.copyOf(problems), classes, frequencies, summaries, sizes(),
            dataset.labels().reducesZero());
    }

    private DataReport.Sizes sizes() {
        DataReport.Sizes s = null;
        for (SampleInspection i : inspections.values()) {
            if (i.width() > 0) {
                s = s == null ? new DataReport.Sizes(i.width(), i.width(), i.height(), i.height())
                    : new DataReport.Sizes(Math.min(s.minWidth(), i.width()), Math.max(s.maxWidth(), i.width()),
                        Math.min(s.minHeight(), i.height()), Math.max(s.maxHeight(), i.height()));
            }
        }
        return s;
    }
}
