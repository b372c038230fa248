package io.hiervl.loss;

import io.hiervl.graph.StepArrays;
import io.hiervl.tensor.Tensor;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Targets of a whole batch as values of {@link Input}s. A value is computed once for the batch, so that its denominators are those of the
 * batch, and then cut for micro-batches. Safe for several threads.
 *
 * @param <T> targets
 */
public final class Feed<T> {
    private final T targets;
    private final boolean growing;
    private final UnaryOperator<Tensor> place;
    private final IdentityHashMap<Input<? super T>, Rows> known = new IdentityHashMap<>();

    private Feed(T targets, boolean growing, UnaryOperator<Tensor> place) {
        this.targets = targets;
        this.growing = growing;
        this.place = place;
    }

    /** Targets that are complete, as they are. */
    public static <T> Feed<T> of(T targets) {
        return new Feed<>(targets, false, UnaryOperator.identity());
    }

    /** Targets that are complete, with values where the graphs run. */
    public static <T> Feed<T> of(T targets, StepArrays arrays) {
        return new Feed<>(targets, false, arrays::place);
    }

    /** Targets whose labels are still being made: late values are computed whenever they are asked for. */
    public static <T> Feed<T> growing(T targets, StepArrays arrays) {
        return new Feed<>(targets, true, arrays::place);
    }

    /** What the values follow from. */
    public T targets() {
        return targets;
    }

    /** Computes values that will be asked for. */
    public void prepare(Collection<Input<? super T>> inputs) {
        inputs.stream().filter(input -> !growing || !input.isLate()).forEach(this::whole);
    }

    /** The value of images from..to-1. */
    Tensor rows(Input<? super T> input, int from, int to) {
        return whole(input).rows(from, to);
    }

    /** The values of images from..to-1 by the names of their placeholders, as a graph takes them. */
    public Map<String, Tensor> rows(Collection<Input<? super T>> inputs, int from, int to) {
        Map<String, Tensor> values = new LinkedHashMap<>();
        inputs.forEach(input -> values.put(input.name(), rows(input, from, to)));
        return values;
    }

    private Rows whole(Input<? super T> input) {
        if (growing && input.isLate()) {
            return input.value(targets);
        }
        synchronized (known) {
            return known.computeIfAbsent(input, i -> i.value(targets).placed(place));
        }
    }
}
