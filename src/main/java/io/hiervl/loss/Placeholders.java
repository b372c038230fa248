package io.hiervl.loss;

import io.hiervl.graph.Ops;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.stream.Collectors;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * The placeholders of a graph that is being built for images from..to-1 of a batch.
 *
 * @param <T> targets
 */
public final class Placeholders<T> {
    private final Ops ops;
    private Feed<T> feed;
    private final int from;
    private final int to;
    private final IdentityHashMap<Input<? super T>, SDVariable> made = new IdentityHashMap<>();
    private final List<Input<? super T>> inputs = new ArrayList<>();

    public Placeholders(Ops ops, Feed<T> feed, int from, int to) {
        this.ops = ops;
        this.feed = feed;
        this.from = from;
        this.to = to;
    }

    /**
     * The placeholder of an input, one for all that read it, with the shape of its value.
     *
     * @throws IllegalArgumentException if another input has the name
     */
    public SDVariable get(Input<? super T> input) {
        return made.containsKey(input) ? made.get(input) : get(input, feed.rows(input, from, to).shape());
    }

    /** The same with a shape that is known, where the value costs much. */
    SDVariable get(Input<? super T> input, long... shape) {
        if (!made.containsKey(input)) {
            if (inputs.stream().anyMatch(i -> i.name().equals(input.name()))) {
                throw new IllegalArgumentException("two inputs of a graph are called " + input.name());
            }
            made.put(input, ops.placeholder(input.name(), shape));
            inputs.add(input);
        }
        return made.get(input);
    }

    /** Targets of the batch that the graph is built with; other batches have other values and the same shapes. */
    public T like() {
        return feed.targets();
    }

    /** The targets' points for the images of the graph. */
    SetPoints points() {
        return ((PictureTargets) like()).points().part(from, to);
    }

    /** Lets go of the batch, which must not live as long as the graph; nothing more can be asked for. */
    public void finish() {
        feed = null;
    }

    /** Inputs that were asked for so far, in order. */
    public List<Input<? super T>> inputs() {
        return inputs.stream().collect(Collectors.toUnmodifiableList());
    }
}
