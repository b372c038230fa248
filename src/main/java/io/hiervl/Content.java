package io.hiervl;

import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Equality, hash and text of records with arrays, by the content of the arrays; a record by itself compares arrays by identity. Arrays of
 * Java, of ND4J, and both inside lists and maps count by type, shape and values. For values that are compared now and then: it reads the
 * components by reflection.
 */
public final class Content {
    /** Longer arrays are printed as type and length. */
    private static final int LONGEST = 16;

    private Content() {
    }

    /** Whether both are records of one class with equal components. */
    public static boolean equal(Record record, Object other) {
        if (record == other) {
            return true;
        }
        if (other == null || other.getClass() != record.getClass()) {
            return false;
        }
        return Arrays.stream(record.getClass().getRecordComponents()).allMatch(c -> same(value(c, record), value(c, other)));
    }

    /** A hash that fits {@link #equal}. */
    public static int hash(Record record) {
        int hash = 0;
        for (RecordComponent c : record.getClass().getRecordComponents()) {
            hash = 31 * hash + hashOf(value(c, record));
        }
        return hash;
    }

    /** Name and components. Arrays of Java with more than 16 elements are printed as type and length, those of ND4J as type and shape. */
    public static String text(Record record) {
        StringJoiner text = new StringJoiner(", ", record.getClass().getSimpleName() + "[", "]");
        for (RecordComponent c : record.getClass().getRecordComponents()) {
            text.add(c.getName() + "=" + textOf(value(c, record)));
        }
        return text.toString();
    }

    private static Object value(RecordComponent c, Object record) {
        try {
            c.getAccessor().setAccessible(true);
            return c.getAccessor().invoke(record);
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof RuntimeException r ? r : new IllegalStateException(e.getCause());
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean same(Object a, Object b) {
        if (a instanceof INDArray x && b instanceof INDArray y) {
            return x.dataType() == y.dataType() && Arrays.equals(x.shape(), y.shape()) && (x == y || Arrays.equals(doubles(x), doubles(y)));
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            Iterator<?> other = y.iterator();
            return x.size() == y.size() && x.stream().allMatch(v -> same(v, other.next()));
        }
        if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
            return x.keySet().equals(y.keySet()) && x.keySet().stream().allMatch(key -> same(x.get(key), y.get(key)));
        }
        return Objects.deepEquals(a, b);
    }

    /** Values and NaNs survive as doubles; integers of 64 bits beyond 2^53 do not, and no array of a model has them. */
    private static double[] doubles(INDArray array) {
        return array.isEmpty() ? new double[0] : array.castTo(DataType.DOUBLE).dup('c').data().asDouble();
    }

    private static int hashOf(Object value) {
        if (value instanceof INDArray x) {
            // the values are not read: they may be many
            return 31 * x.dataType().hashCode() + Arrays.hashCode(x.shape());
        }
        if (value instanceof List<?> list) {
            return list.stream().mapToInt(Content::hashOf).reduce(1, (a, b) -> 31 * a + b);
        }
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream().mapToInt(e -> e.getKey().hashCode() ^ hashOf(e.getValue())).sum();
        }
        return Arrays.deepHashCode(new Object[] {value});
    }

    private static String textOf(Object value) {
        if (value instanceof INDArray x) {
            return x.dataType() + Arrays.toString(x.shape());
        }
        if (value instanceof List<?> list) {
            return list.stream().map(Content::textOf).toList().toString();
        }
        if (value instanceof Map<?, ?> map) {
            StringJoiner text = new StringJoiner(", ", "{", "}");
            map.forEach((key, v) -> text.add(key + "=" + textOf(v)));
            return text.toString();
        }
        if (value == null || !value.getClass().isArray()) {
            return String.valueOf(value);
        }
        int length = Array.getLength(value);
        if (length > LONGEST) {
            String type = value.getClass().getSimpleName();
            int bracket = type.indexOf('[');
            return type.substring(0, bracket) + "[" + length + type.substring(bracket + 1);
        }
        StringJoiner text = new StringJoiner(", ", "[", "]");
        for (int i = 0; i < length; i++) {
            text.add(textOf(Array.get(value, i)));
        }
        return text.toString();
    }
}
