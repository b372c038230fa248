package io.hiervl.config;

import java.util.List;
import java.util.Map;

/** Writes a record as YAML that {@link RecordBinder} reads back to an equal record. */
final class RecordWriter {
    private RecordWriter() {
    }

    static String write(Record value) {
        StringBuilder out = new StringBuilder();
        group(value, "", out);
        return out.toString();
    }

    private static void group(Record value, String indent, StringBuilder out) {
        Keys.PLAIN.values(value).forEach((key, item) -> entry(key, item, indent, out));
    }

    /** Appends one line, or the key and indented lines of a record or mapping. */
    static void entry(String key, Object item, String indent, StringBuilder out) {
        out.append(indent).append(key).append(':');
        if (item instanceof Record nested) {
            out.append('\n');
            group(nested, indent + "  ", out);
        } else if (item instanceof Map<?, ?> map && !map.isEmpty()) {
            out.append('\n');
            map.forEach((k, v) -> entry(k instanceof String word && word.matches("[A-Za-z_]+") ? word : scalar(k), v, indent + "  ", out));
        } else {
            out.append(' ').append(inline(item)).append('\n');
        }
    }

    private static String inline(Object item) {
        if (item instanceof List<?> list) {
            return "[" + String.join(", ", list.stream().map(RecordWriter::inline).toList()) + "]";
        }
        return item instanceof Map ? "{}" : scalar(item);
    }

    private static String scalar(Object item) {
        if (item instanceof Enum<?> constant) {
            return RecordBinder.option(constant);
        }
        if (item instanceof String text) {
            return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\t", "\\t") + '"';
        }
        return String.valueOf(item);
    }
}
