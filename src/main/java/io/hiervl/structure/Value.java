package io.hiervl.structure;

import io.hiervl.PublicApi;
import java.util.List;
import java.util.stream.Collectors;

/**
 * An array of a graph. Immutable: any thread may use it.
 *
 * @param name  in the graph
 * @param shape sizes of its axes, none for a scalar; null where nothing tells
 */
@PublicApi
public record Value(String name, List<Long> shape) {
    private static final int FLOAT = 4;

    public Value {
        shape = shape == null ? null : List.copyOf(shape);
    }

    /** How many values it has; 0 where its shape is not known. */
    public long size() {
        return shape == null ? 0 : shape.stream().reduce(1L, (a, b) -> a * b);
    }

    /** Bytes of its values as 32-bit floats. */
    public long bytes() {
        return FLOAT * size();
    }

    /** The shape for people, such as {@code 1×3×64×64}. */
    public String text() {
        return shape == null ? "?" : shape.isEmpty() ? "scalar" : shape.stream().map(String::valueOf).collect(Collectors.joining("×"));
    }
}
