package io.hiervl.loss;

import io.hiervl.graph.FusedOps;
import io.hiervl.graph.Scope;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * What a view offers to its terms while a graph is built.
 *
 * @param <T> targets of the view
 */
public abstract class Scene<T> {
    private final Scope root;
    private final SDVariable t;
    private final Placeholders<T> in;
    private final Map<Class<?>, Object> once = new HashMap<>();
    private String place = "";

    /**
     * @param root scope of all parameters
     * @param t    (K,C) text embeddings of the learnable prompt
     * @param in   placeholders of the graph
     */
    protected Scene(Scope root, SDVariable t, Placeholders<T> in) {
        this.root = root;
        this.t = t;
        this.in = in;
    }

    /** Builds a term here; what it makes is called after it. */
    @SuppressWarnings("unchecked") // whoever builds a view's network chose the terms by their scene
    public <S extends Scene<?>> SDVariable build(Term<S> term) {
        place = "loss." + term.name();
        try {
            return term.build((S) this);
        } finally {
            place = "";
        }
    }

    /** The vocabulary of the graph, at the place of the term that is built. */
    public FusedOps ops() {
        return (FusedOps) root.ops().in(place);
    }

    /** Scope of all parameters. */
    Scope root() {
        return root;
    }

    /** Text embeddings (K,C) of the learnable prompt. */
    public SDVariable t() {
        return t;
    }

    /** Number of classes K. */
    int classes() {
        return (int) ops().shape(t)[0];
    }

    /** The placeholder of an input. */
    public SDVariable in(Input<? super T> input) {
        return in.get(input);
    }

    /** The placeholder of an input whose shape is known. */
    SDVariable in(Input<? super T> input, long... shape) {
        return in.get(input, shape);
    }

    Placeholders<T> placeholders() {
        return in;
    }

    /** A part of the graph that several terms read: built for the first of them. */
    <X> X once(Class<X> part, Supplier<X> build) {
        Object found = once.get(part);
        if (found == null) {
            found = build.get();
            once.put(part, found);
        }
        return part.cast(found);
    }
}
