package io.hiervl.config;

import io.hiervl.HierVlException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A YAML value that remembers where it was written, for messages such as {@code mine.yaml:12}. */
sealed interface YamlNode {

    /** File and line, or the command-line option it came from. */
    String where();

    /** A single value; {@code text} is null for YAML's null. */
    record Scalar(String text, String where) implements YamlNode {
    }

    /** A list. */
    record Sequence(List<YamlNode> items, String where) implements YamlNode {
    }

    /** A mapping in the order of the file. */
    record Mapping(Map<String, YamlNode> entries, String where) implements YamlNode {

        /**
         * This mapping with the entries of another laid over it; mappings merge, lists and values are replaced. A value in
         * place of a group would hide what belongs to the group and is refused.
         */
        Mapping overlaid(Mapping over) {
            Map<String, YamlNode> merged = new LinkedHashMap<>(entries);
            over.entries.forEach((key, value) -> merged.merge(key, value, (a, b) -> {
                if (a instanceof Mapping below && b instanceof Mapping above) {
                    return below.overlaid(above);
                }
                if (a instanceof Mapping && !isNull(b)) {
                    throw HierVlException.config(b.where() + ": '" + key + "' is a group of settings, found "
                        + (b instanceof Scalar s ? "'" + s.text + "'" : "a list"));
                }
                return b;
            }));
            return new Mapping(merged, over.where);
        }

        private static boolean isNull(YamlNode node) {
            return node instanceof Scalar scalar && scalar.text == null;
        }
    }
}
