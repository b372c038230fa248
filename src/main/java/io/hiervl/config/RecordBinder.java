package io.hiervl.config;

import io.hiervl.HierVlException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Turns YAML values into records. Keys are the component names in snake case. Every component must be given (defaults
 * stand in {@code recipes/default.yaml}, not in code), except those marked {@link Nullable}; every key must be known.
 */
final class RecordBinder {
    private static final Pattern NUMBER = Pattern.compile("[-+]?(\\d[\\d_]*\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");

    private RecordBinder() {
    }

    static <T extends Record> T bind(YamlNode node, Class<T> type) {
        return type.cast(record(node, type, ""));
    }

    private static Object record(YamlNode node, Class<?> type, String path) {
        if (!(node instanceof YamlNode.Mapping mapping)) {
            throw wrong(node, path, "a group of settings");
        }
        RecordComponent[] components = type.getRecordComponents();
        List<String> known = Arrays.stream(components).map(c -> key(c.getName())).toList();
        mapping.entries().forEach((key, value) -> {
            if (!known.contains(key)) {
                throw HierVlException.config(value.where() + ": unknown setting '" + join(path, key) + "'" + NearMatches.hint(key, known));
            }
        });
        Object[] values = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            String key = known.get(i);
            YamlNode value = mapping.entries().get(key);
            types[i] = components[i].getType();
            boolean absent = value == null || value instanceof YamlNode.Scalar scalar && scalar.text() == null;
            if (!absent) {
                values[i] = value(value, components[i].getGenericType(), join(path, key));
            } else if (!components[i].isAnnotationPresent(Nullable.class)) {
                throw HierVlException.config((value == null ? mapping : value).where() + ": '" + join(path, key) + "' needs a value");
            }
        }
        try {
            var constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof HierVlException refused) {
                throw HierVlException.config(node.where().replaceAll(":\\d+$", "") + ": " + refused.getMessage());
            }
            throw HierVlException.config(node.where() + ": " + (path.isEmpty() ? "these settings" : "'" + path + "'") + " cannot be used: "
                + String.valueOf(e.getCause().getMessage()).lines().findFirst().orElse("") + " (" + e.getCause().getClass().getSimpleName() + ")");
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("no canonical constructor in " + type.getName(), e);
        }
    }

    private static Object value(YamlNode node, Type type, String path) {
        if (node instanceof YamlNode.Scalar scalar && scalar.text() == null) {
            throw HierVlException.config(node.where() + ": '" + path + "' needs a value");
        }
        if (type instanceof ParameterizedType generic) {
            return generic.getRawType() == Map.class ? map(node, generic, path) : list(node, generic, path);
        }
        Class<?> plain = (Class<?>) type;
        if (plain.isRecord()) {
            return record(node, plain, path);
        }
        if (!(node instanceof YamlNode.Scalar scalar)) {
            throw wrong(node, path, plain.isEnum() ? "one of " + options(plain) : "a single value");
        }
        String text = scalar.text();
        if (plain == String.class) {
            return text;
        }
        if (plain == boolean.class || plain == Boolean.class) {
            if (!text.equals("true") && !text.equals("false")) {
                throw wrong(node, path, "true or false");
            }
            return text.equals("true");
        }
        if (plain.isEnum()) {
            return Arrays.stream(plain.getEnumConstants()).filter(c -> option(c).equals(text.toLowerCase(Locale.ROOT))).findFirst()
                .orElseThrow(() -> wrong(node, path, "one of " + options(plain)));
        }
        return number(node, text, plain, path);
    }

    private static Object number(YamlNode node, String text, Class<?> type, String path) {
        boolean whole = type == int.class || type == Integer.class || type == long.class || type == Long.class;
        String expected = whole ? "a whole number" : "a number";
        if (!NUMBER.matcher(text).matches()) {
            throw wrong(node, path, expected);
        }
        String digits = text.replace("_", "");
        try {
            if (type == int.class || type == Integer.class) {
                return Integer.valueOf(digits);
            }
            if (type == long.class || type == Long.class) {
                return Long.valueOf(digits);
            }
            if (!Double.isFinite(Double.parseDouble(digits))) {
                throw wrong(node, path, "a number that is not too large");
            }
            return type == float.class || type == Float.class ? (Object) Float.valueOf(digits) : Double.valueOf(digits);
        } catch (NumberFormatException e) {
            throw wrong(node, path, expected);
        }
    }

    private static List<Object> list(YamlNode node, ParameterizedType type, String path) {
        if (!(node instanceof YamlNode.Sequence sequence)) {
            throw wrong(node, path, "a list such as [a, b]");
        }
        List<Object> items = new ArrayList<>();
        for (YamlNode item : sequence.items()) {
            items.add(value(item, type.getActualTypeArguments()[0], path + "[" + items.size() + "]"));
        }
        return items;
    }

    private static Map<Object, Object> map(YamlNode node, ParameterizedType type, String path) {
        if (!(node instanceof YamlNode.Mapping mapping)) {
            throw wrong(node, path, "a group of 'key: value' lines");
        }
        Map<Object, Object> entries = new LinkedHashMap<>();
        mapping.entries().forEach((key, value) -> entries.put(value(new YamlNode.Scalar(key, value.where()),
            type.getActualTypeArguments()[0], path), value(value, type.getActualTypeArguments()[1], join(path, key))));
        return entries;
    }

    private static HierVlException wrong(YamlNode node, String path, String expected) {
        String found = node instanceof YamlNode.Scalar scalar ? "'" + scalar.text() + "'"
            : node instanceof YamlNode.Sequence ? "a list" : "a group of settings";
        return HierVlException.config(node.where() + ": '" + path + "' is " + found + ", expected " + expected);
    }

    /** promptInit -> prompt_init, nEnc -> n_enc, visualRowsInS -> visual_rows_in_s. */
    static String key(String component) {
        return component.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    static String option(Object constant) {
        return ((Enum<?>) constant).name().toLowerCase(Locale.ROOT);
    }

    private static String options(Class<?> type) {
        return String.join(", ", Arrays.stream(type.getEnumConstants()).map(RecordBinder::option).toList());
    }

    private static String join(String path, String key) {
        return path.isEmpty() ? key : path + "." + key;
    }
}
