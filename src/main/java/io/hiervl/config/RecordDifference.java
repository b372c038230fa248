package io.hiervl.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Names the settings in which two records of one type differ. */
final class RecordDifference {
    private RecordDifference() {
    }

    /** For example "train.lr: 1.0E-4 -> 0.001; train.seed: 0 -> 1". */
    static String describe(Record before, Record after, String path) {
        List<String> found = new ArrayList<>();
        collect(before, after, path, found);
        return String.join("; ", found);
    }

    private static void collect(Record before, Record after, String path, List<String> found) {
        Map<String, Object> other = Keys.PLAIN.values(after);
        Keys.PLAIN.values(before).forEach((name, a) -> {
            String key = (path.isEmpty() ? "" : path + ".") + name;
            Object b = other.get(name);
            if (a instanceof Record below && b instanceof Record above) {
                collect(below, above, key, found);
            } else if (!Objects.equals(a, b)) {
                found.add(key + ": " + a + " -> " + b);
            }
        });
    }
}
