package io.hiervl.data;

import io.hiervl.HierVlException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Class lists in JSON or YAML: lists of names or objects, index to name, name to index, name to colour, and what tools put around them. */
final class ClassTree {
    private static final Pattern NUMBER = Pattern.compile("-?\\d{1,4}");
    /** Keys under which tools keep the list: transformers, YOLO, Supervisely, COCO, CVAT and Mapillary. */
    private static final List<String> WRAPPERS = List.of("id2label", "names", "classes", "categories", "labels", "label2id");
    private static final List<String> NAMES = List.of("name", "label", "title", "class", "readable", "value");
    private static final List<String> INDICES = List.of("id", "index", "trainId", "class_id", "pixel_value");
    private static final List<String> COLOURS = List.of("color", "colour", "rgb");

    private ClassTree() {
    }

    /** @param tree maps, lists, texts and numbers */
    static List<ClassEntry> read(Object tree, String source) {
        if (tree instanceof List<?> list) {
            return list(list, source);
        }
        if (!(tree instanceof Map<?, ?> map) || map.isEmpty()) {
            throw HierVlException.data(source + " holds no list of classes");
        }
        for (String key : WRAPPERS) {
            if (map.get(key) instanceof List<?> || map.get(key) instanceof Map<?, ?>) {
                requireNumber(map, key, source);
                return read(map.get(key), source + ": " + key);
            }
        }
        List<ClassEntry> out = new ArrayList<>();
        map.forEach((key, value) -> out.add(entry(String.valueOf(key), value, source)));
        return out;
    }

    /** YOLO's files say how many names there are: fewer or more are a list that was cut or mixed up. */
    private static void requireNumber(Map<?, ?> map, String key, String source) {
        int found = map.get(key) instanceof List<?> list ? list.size() : ((Map<?, ?>) map.get(key)).size();
        String said = String.valueOf(map.get("nc"));
        if (NUMBER.matcher(said).matches() && number(said) != found) {
            throw HierVlException.data(source + " says nc: " + said + ", but " + key + " has " + found + " entries");
        }
    }

    private static ClassEntry entry(String key, Object value, String source) {
        String where = source + ": " + key;
        if (value instanceof List<?> || value instanceof String text && ClassEntry.hex(text) != null && text.startsWith("#")) {
            return new ClassEntry(key, null, colour(value, where), where);
        }
        String text = value == null ? "" : String.valueOf(value);
        if (NUMBER.matcher(key).matches() && !(value instanceof Map)) {
            return new ClassEntry(text, number(key), null, where);
        }
        if (NUMBER.matcher(text).matches()) {
            return new ClassEntry(key, number(text), null, where);
        }
        throw HierVlException.data(where
            + " is no class: expected an index with a name, a name with an index, or a name with a colour; known lists stand under "
            + String.join(", ", WRAPPERS));
    }

    private static List<ClassEntry> list(List<?> list, String source) {
        List<ClassEntry> out = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            String where = source + "[" + i + "]";
            Object item = list.get(i);
            if (item instanceof Map<?, ?> map) {
                Object name = first(map, NAMES);
                Object index = first(map, INDICES);
                Object colour = first(map, COLOURS);
                if (name == null) {
                    throw HierVlException.data(where + " has no name; looked for " + String.join(", ", NAMES));
                }
                boolean counted = index != null && NUMBER.matcher(String.valueOf(index)).matches();
                out.add(new ClassEntry(String.valueOf(name), counted ? number(String.valueOf(index)) : null, colour == null ? null
                    : colour(colour, where), where));
            } else if (item instanceof List || item == null) {
                throw HierVlException.data(where + " is no class name but " + item);
            } else {
                out.add(new ClassEntry(String.valueOf(item), null, null, where));
            }
        }
        return out;
    }

    private static Object first(Map<?, ?> map, List<String> keys) {
        return keys.stream().map(map::get).filter(v -> v != null && !(v instanceof Map)).findFirst().orElse(null);
    }

    private static Integer number(String text) {
        return Integer.parseInt(text);
    }

    private static List<Integer> colour(Object value, String where) {
        if (value instanceof List<?> list && (list.size() == 3 || list.size() == 4) && list.stream()
            .allMatch(v -> NUMBER.matcher(String.valueOf(v)).matches())) {
            return list.subList(0, 3).stream().map(v -> number(String.valueOf(v))).toList();
        }
        List<Integer> hex = value instanceof String text ? ClassEntry.hex(text) : null;
        if (hex == null) {
            throw HierVlException.data(where + " has the colour " + value + ", expected [r, g, b] or #RRGGBB");
        }
        return hex;
    }
}
