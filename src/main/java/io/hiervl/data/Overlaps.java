package io.hiervl.data;

import io.hiervl.data.DataReport.Problem;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Finds photos that a list names twice, that two lists name, and copies under other names. */
final class Overlaps {
    private final List<Problem> problems;
    private final Map<Sample, SampleInspection> inspections;

    private record Place(String list, Sample sample) {
    }

    Overlaps(List<Problem> problems, Map<Sample, SampleInspection> inspections) {
        this.problems = problems;
        this.inspections = inspections;
    }

    void find(Map<String, SplitList> lists) {
        Map<Path, Place> byPath = new HashMap<>();
        Map<String, Place> byContent = new HashMap<>();
        for (SplitList list : lists.values()) {
            String name = list.file().getFileName().toString();
            for (Sample s : list.samples()) {
                Place here = new Place(name, s);
                Place path = byPath.putIfAbsent(s.imagePath().normalize(), here);
                String hash = inspections.get(s).hash();
                Place content = hash == null ? null : byContent.putIfAbsent(hash, here);
                if (path != null) {
                    boolean same = path.list.equals(name);
                    add(here, same ? "duplicate" : "overlap", "is also in " + path.list + " line " + path.sample.line());
                } else if (content != null) {
                    add(here, "same content", "has the bytes of " + content.sample.image() + " in " + content.list + " line "
                        + content.sample.line());
                }
            }
        }
    }

    private void add(Place at, String problem, String detail) {
        problems.add(new Problem(at.sample.image(), at.list, at.sample.line(), problem, detail, false));
    }
}
