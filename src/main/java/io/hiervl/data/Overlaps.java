package io.hiervl.data;

import io.hiervl.data.DataReport.Problem;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Finds photos that a list names twice, that two lists name, copies under other names, and names that differ in case alone. */
final class Overlaps {
    private final List<Problem> problems;
    private final Map<Sample, SampleInspection> inspections;
    private final Function<Path, String> names;

    private record Place(String list, Sample sample) {
        @Override
        public String toString() {
            return list + " line " + sample.line();
        }
    }

    /** @param names how messages call a list */
    Overlaps(List<Problem> problems, Map<Sample, SampleInspection> inspections, Function<Path, String> names) {
        this.problems = problems;
        this.inspections = inspections;
        this.names = names;
    }

    void find(Map<String, SplitList> lists) {
        Map<Path, Place> byPath = new HashMap<>();
        Map<String, Place> byContent = new HashMap<>();
        Map<String, Place> byLowerCase = new HashMap<>();
        for (SplitList list : lists.values()) {
            String name = names.apply(list.file());
            for (Sample s : list.samples()) {
                Place here = new Place(name, s);
                Place path = byPath.putIfAbsent(s.imagePath().normalize(), here);
                String hash = inspections.get(s).hash();
                Place content = hash == null ? null : byContent.putIfAbsent(hash, here);
                Place lower = byLowerCase.putIfAbsent(s.imagePath().normalize().toString().toLowerCase(Locale.ROOT), here);
                if (path != null) {
                    add(here, path.list.equals(name) ? "duplicate" : "overlap", "is also in " + path);
                } else if (lower != null) {
                    add(here, "case differs", "differs in upper and lower case alone from " + lower.sample.image() + " in " + lower
                        + "; on Windows and macOS the two are one file");
                }
                if (path == null && content != null) {
                    add(here, "same content", "has the bytes of " + content.sample.image() + " in " + content);
                }
            }
        }
    }

    private void add(Place at, String problem, String detail) {
        problems.add(new Problem(at.sample.image(), at.list, at.sample.line(), problem, detail, false));
    }
}
