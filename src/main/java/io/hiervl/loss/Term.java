package io.hiervl.loss;

import org.nd4j.autodiff.samediff.SDVariable;

/**
 * One term of the total loss: its name, its weight and its part of a graph. {@link Terms} lists all of them; weights, graphs and logs
 * follow from that list.
 *
 * @param <S> what the term's view offers when a graph is built
 */
public interface Term<S extends Scene<?>> {
    /** Name in logs, before the suffix of the view. */
    String name();

    /** The views that the term can be on, by what they offer. */
    Class<S> scene();

    /** Whether the term is one of language, which neither {@code supervised} nor {@code unimatch} has. */
    default boolean language() {
        return false;
    }

    /** Whether the term reads dense embeddings of labelled images, which are computed on demand only. */
    default boolean dense() {
        return false;
    }

    /** Whether the line of progress shows the term. */
    default boolean headline() {
        return true;
    }

    /**
     * Factor in the total loss.
     *
     * @param progress share of training done, in [0, 1]
     */
    double weight(View view, double progress);

    /** Whether the term counts at some moment of training; else it is not computed at all. */
    default boolean used(View view) {
        return weight(view, 0) != 0 || weight(view, 1) != 0;
    }

    /**
     * Over how much of a batch the term is a mean: its denominator, not raised to 1 where it is 0. Parts of a batch on several
     * machines know their own images alone; they weigh the term by their share of this count.
     *
     * @param targets of the term's view
     * @return the number of images, unless the term counts something else; 0 if it is a plain sum
     */
    default double count(Targets targets) {
        return targets.images().size(0);
    }

    /** The term without its weight, a scalar (1). Placeholders are the term's own {@link Input}s. */
    SDVariable build(S scene);
}
