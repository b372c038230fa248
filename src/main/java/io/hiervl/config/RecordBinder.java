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
 * Turns YAML values into records. {@link Keys} follow from the component names. Every component must be given (defaults
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
        List<String> known = Keys.PLAIN.all(type);
        mapping.entries().forEach((key, value) -> {
            if (!known.contains(key)) {
                throw HierVlException.config(value.where() + ": unknown setting '" + join(path, key) + "'"
                    + NearMatches.hint(key, known, path.isEmpty() ? "" : path + "."));
            }
        });
        return make(read(mapping, type, Keys.PLAIN, path), mapping);
    }

    /**
     * Values of a record that is not made yet: mistakes of writing are found before those that a record's checks find.
     *
     * @param values of the components; those of groups are read, too
     */
    private record Read(Class<?> type, Object[] values) {
    }

    private static Read read(YamlNode.Mapping mapping, Class<?> type, Keys keys, String path) {
        RecordComponent[] components = type.getRecordComponents();
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            Keys within = keys.within(components[i]);
            values[i] = within != null ? read(mapping, components[i].getType(), within, path)
                : setting(mapping, components[i], keys.of(components[i]), path);
        }
        return new Read(type, values);
    }

    private static Object setting(YamlNode.Mapping mapping, RecordComponent component, String key, String path) {
        YamlNode value = mapping.entries().get(key);
        if (value != null && !(value instanceof YamlNode.Scalar scalar && scalar.text() == null)) {
            return value(value, component.getGenericType(), join(path, key));
        }
        if (!component.isAnnotationPresent(Nullable.class)) {
            throw HierVlException.config((value == null ? mapping : value).where() + ": '" + join(path, key) + "' needs a value");
        }
        return null;
    }

    private static Object make(Read read, YamlNode from) {
        Object[] values = Arrays.stream(read.values).map(v -> v instanceof Read group ? make(group, from) : v).toArray();
        Class<?>[] types = Arrays.stream(read.type.getRecordComponents()).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            var constructor = read.type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof HierVlException refused) {
                throw HierVlException.config(from.where().replaceAll(":\\d+$", "") + ": " + refused.getMessage());
            }
            throw HierVlException.config(from.where() + ": these settings cannot be used: "
                + String.valueOf(e.getCause().getMessage()).lines().findFirst().orElse("") + " (" + e.getCause().getClass().getSimpleName()
                + ")");
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("no canonical constructor in " + read.type.getName(), e);
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
