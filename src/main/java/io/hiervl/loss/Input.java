package io.hiervl.loss;

import io.hiervl.tensor.Tensor;
import java.util.function.Function;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A placeholder, declared once by the term or view that reads it, together with its value. {@link Placeholders} makes the variable when a
 * graph is built, and {@link Feed} the value when it runs, so that nobody writes the name a second time.
 *
 * @param <T> targets, from which the value follows
 */
public final class Input<T> {
    private final String name;
    private final Function<T, Rows> value;
    private final boolean late;

    private Input(String name, Function<T, Rows> value, boolean late) {
        this.name = name;
        this.value = value;
        this.late = late;
    }

    /** An array (B,...) of the whole batch on the host, denominators included. */
    public static <T> Input<T> perImage(String name, Function<T, INDArray> value) {
        return cut(name, t -> Rows.of(value.apply(t)));
    }

    /** An array (B,...) of the whole batch, wherever it is. */
    static <T> Input<T> tensor(String name, Function<T, Tensor> value) {
        return cut(name, t -> Rows.of(value.apply(t)));
    }

    /** An array without a batch axis. */
    static <T> Input<T> shared(String name, Function<T, Tensor> value) {
        return cut(name, value.andThen(Rows::whole));
    }

    /** A value that cuts itself. */
    static <T> Input<T> cut(String name, Function<T, Rows> value) {
        return new Input<>(name, value, false);
    }

    /** An array (B,...) that is computed from the labels of the weak view, which may be there only when its pass has run. */
    static <T> Input<T> late(String name, Function<T, Tensor> value) {
        return new Input<>(name, t -> Rows.of(value.apply(t)), true);
    }

    /** Name of the placeholder. */
    String name() {
        return name;
    }

    boolean isLate() {
        return late;
    }

    Rows value(T targets) {
        return value.apply(targets);
    }
}
