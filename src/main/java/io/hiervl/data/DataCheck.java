package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.Progress;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.LabelRules;
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
     * Checks a folder by its dataset.yaml, remembering nothing.
     *
     * @throws HierVlException no folder or no valid description; everything else is in the report
     */
    public static DataReport run(Path folder, Progress progress) {
        Dataset dataset = Dataset.open(folder);
        return run(dataset, new ListFiles(dataset), Map.of(), false, progress);
    }

    /**
     * Checks lists of a data set.
     *
     * @param files  where lists are looked for
     * @param given  role (labeled, unlabeled, val) to a list that is taken instead
     * @param resume pass over files that an earlier check read and that have not changed; see {@link CacheFolder}
     */
    public static DataReport run(Dataset dataset, ListFiles files, Map<String, Path> given, boolean resume, Progress progress) {
        FileNames.forget();
        DataCheck check = new DataCheck(dataset);
        for (String role : DatasetSpec.ROLES) {
            Path list = given.containsKey(role) ? given.get(role) : files.find(role);
            if (list != null) {
                check.parse(role, list);
            } else if (files.expects(role)) {
                check.absent(role, files);
            }
        }
        check.draw();
        try (FactsCache cache = resume ? FactsCache.of(dataset.root()) : FactsCache.none()) {
            check.inspect(cache, progress);
        }
        check.lists.forEach(check::report);
        check.mixedZeros();
        new SetFindings(dataset, check.inspections, check.problems).find(check.lists);
        new Overlaps(check.problems, check.inspections, check::name).find(check.lists);
        return check.report();
    }

    /** Without a validation list nothing is measured, but everything can be trained. */
    private void absent(String role, ListFiles files) {
        String name = dataset.spec().lists().getOrDefault(role, role + ".txt");
        try {
            files.require(role);
        } catch (HierVlException e) {
            problems.add(new Problem(name, name, 0, "missing", e.getMessage(), !role.equals("val")));
        }
    }

    /** How messages call a list: its path in the data folder. */
    private String name(Path list) {
        Path root = dataset.root().toAbsolutePath().normalize();
        Path path = list.toAbsolutePath().normalize();
        return path.startsWith(root) ? root.relativize(path).toString().replace('\\', '/') : list.toString();
    }

    private void parse(String role, Path file) {
        String name = name(file);
        try {
            SplitList list = dataset.parse(file);
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
            problems.add(
                new Problem(name, name, 0, e.getMessage().contains("does not exist") ? "missing" : "list syntax", e.getMessage(), true));
        }
    }

    /** Masks of unlabelled images are not worth drawing: they only serve the log. */
    private void draw() {
        List<Sample> drawn = new ArrayList<>();
        lists.forEach((role, list) -> {
            if (!role.equals("unlabeled")) {
                try {
                    dataset.drawMasks(list.samples());
                    drawn.addAll(list.samples());
                } catch (HierVlException e) {
                    problems.add(new Problem(name(list.file()), name(list.file()), 0, "annotations", e.getMessage(), true));
                }
            }
        });
        try {
            dataset.annotationFindings(drawn).forEach(f -> problems.add(new Problem(name(f.file()), "", 0, f.kind(), f.detail(), false)));
        } catch (HierVlException e) {
            problems.add(new Problem(dataset.spec().name(), "", 0, "annotations", e.getMessage(), true));
        }
    }

    private void inspect(FactsCache cache, Progress progress) {
        // One inspection per pair of files, however many lists name it.
        Map<List<Path>, Future<SampleInspection>> work = new LinkedHashMap<>();
        long total = lists.values().stream().flatMap(l -> l.samples().stream()).map(DataCheck::key).distinct().count();
        AtomicLong done = new AtomicLong();
        ExecutorService pool = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        try {
            lists.forEach((role, list) -> {
                for (Sample s : list.samples()) {
                    boolean masks = !role.equals("unlabeled") || dataset.hasMaskFile(s);
                    work.computeIfAbsent(key(s), k -> pool.submit(() -> {
                        SampleInspection result = SampleInspection.of(s, dataset, cache, masks);
                        progress.update(done.incrementAndGet(), total, s.image());
                        return result;
                    }));
                }
            });
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
        String name = name(list.file());
        int absent = 0;
        for (Sample s : list.samples()) {
            if (!s.hasMask() && !role.equals("unlabeled")) {
                problems.add(
                    new Problem(s.image(), name, s.line(), "no mask", "the line names no mask; the list " + role + " needs one", true));
            }
            SampleInspection inspection = inspections.get(s);
            absent += role.equals("unlabeled") && s.hasMask() && inspection.pixels() == null && !dataset.hasMaskFile(s) ? 1 : 0;
            for (SampleInspection.Finding f : inspection.findings()) {
                // Masks of unlabelled images only serve the log, so training can go on without them.
                boolean stops = f.stops() && !(role.equals("unlabeled") && f.file().equals(s.mask()));
                problems.add(new Problem(f.file(), name, s.line(), f.problem(), f.detail(), stops));
            }
        }
        if (absent > 0) {
            problems.add(new Problem(name, name, 0, "no mask", absent + " of " + list.size()
                + " lines name masks that do not exist; unlabelled images need none", false));
        }
    }

    /** Raw and reduced masks side by side: neither reading of 0 is right for both. */
    private void mixedZeros() {
        if (dataset.spec().labels().reduceZero() != LabelRules.ReduceZero.AUTO) {
            return;
        }
        Sample raw = null;
        Sample reduced = null;
        for (SplitList list : lists.values()) {
            for (Sample s : list.samples()) {
                ZeroLabel.Meaning zero = inspections.get(s).zero();
                raw = raw == null && (zero == ZeroLabel.Meaning.OTHER || zero == ZeroLabel.Meaning.BOTH) ? s : raw;
                reduced = reduced == null && (zero == ZeroLabel.Meaning.FIRST_CLASS || zero == ZeroLabel.Meaning.BOTH) ? s : reduced;
            }
        }
        if (raw != null && reduced != null) {
            problems.add(new Problem(reduced.mask(), "", 0, "mixed labels", reduced.mask() + " has the value " + dataset.spec().ignore()
                + ", as masks whose 0 is already a class; " + raw.mask() + " has the value " + dataset.spec().classes().size()
                + ", as masks whose 0 means 'other'; use masks of one kind", true));
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
                String list = name(labelled.file());
                problems.add(new Problem(list, list, 0, "class without labels",
                    "no labelled pixel of class " + c + " '" + classes.get(c) + "' in " + labelled.size() + " images", false));
            }
        }
        List<DataReport.ListSummary> summaries = new ArrayList<>();
        lists.forEach((role, list) -> summaries.add(new DataReport.ListSummary(role, name(list.file()), list.size(),
            (int) list.samples().stream().filter(Sample::hasMask).count())));
        boolean reduces = dataset.spec().labels().reduceZero() != LabelRules.ReduceZero.NO && dataset.labels().reducesZero();
        return new DataReport(dataset.spec().name(), List.copyOf(problems), classes, frequencies, summaries, sizes(), reduces);
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
