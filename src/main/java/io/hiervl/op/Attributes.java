package io.hiervl.op;

import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The components of a record by name, as SameDiff's files keep them: numbers, flags, enums by their name, arrays of numbers and flags. An
 * empty array is kept as its absence.
 */
final class Attributes {
    private Attributes() {
    }

    static Map<String, Object> of(Record record) {
        Map<String, Object> attributes = new LinkedHashMap<>();
        for (RecordComponent c : record.getClass().getRecordComponents()) {
            try {
                Object value = c.getAccessor().invoke(record);
                if (value != null && !(value.getClass().isArray() && Array.getLength(value) == 0)) {
                    attributes.put(c.getName(), value instanceof Enum<?> e ? e.name() : value);
                }
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
        return attributes;
    }

    /**
     * @throws IllegalArgumentException if an attribute is missing or of another kind
     */
    static <T> T read(Class<T> type, Map<String, Object> attributes) {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types = new Class<?>[components.length];
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            values[i] = convert(components[i].getName(), types[i], attributes.get(components[i].getName()));
        }
        try {
            var constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof RuntimeException r ? r : new IllegalArgumentException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object convert(String name, Class<?> type, Object value) {
        if (value == null && type.isArray()) {
            return Array.newInstance(type.getComponentType(), 0);
        }
        if (type.isEnum() && value instanceof String s) {
            return Arrays.stream(type.getEnumConstants()).filter(e -> ((Enum<?>) e).name().equals(s)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("attribute " + name + " is '" + s + "', expected one of "
                    + Arrays.toString(type.getEnumConstants())));
        }
        if (type.isArray() && value.getClass().isArray()) {
            return array(name, type.getComponentType(), value);
        }
        return scalar(name, type, value);
    }

    private static Object scalar(String name, Class<?> type, Object value) {
        if (value instanceof Number n) {
            if (type == int.class) {
                return n.intValue();
            }
            if (type == long.class) {
                return n.longValue();
            }
            if (type == double.class) {
                return n.doubleValue();
            }
        }
        if (type == boolean.class && value instanceof Boolean) {
            return value;
        }
        throw new IllegalArgumentException(
            "attribute " + name + " is " + (value == null ? "missing" : value) + ", expected " + type.getSimpleName());
    }

    private static Object array(String name, Class<?> element, Object value) {
        int n = Array.getLength(value);
        Object result = Array.newInstance(element, n);
        for (int i = 0; i < n; i++) {
            Array.set(result, i, scalar(name, element, Array.get(value, i)));
        }
        return result;
    }
}
