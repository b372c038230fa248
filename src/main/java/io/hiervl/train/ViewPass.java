package io.hiervl.train;

import io.hiervl.loss.Feed;
import io.hiervl.loss.Scene;
import io.hiervl.loss.Targets;
import io.hiervl.loss.Term;
import io.hiervl.loss.View;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * All terms of a view, forward and backward at once, in micro-batches.
 *
 * @param <T> targets of the view
 * @param <S> what its terms stand on
 */
final class ViewPass<T extends Targets, S extends Scene<T>> {
    private final TrainingModel model;
    private final MicroBatches parts;
    private final List<Term<S>> terms;
    private final Networks.Network<T, S> network;
    private final MicroBatches.Graphs<LossGraph<T>> graphs = new MicroBatches.Graphs<>();

    /** @param terms of the views that are run */
    ViewPass(TrainingModel model, MicroBatches parts, List<Term<S>> terms, Networks.Network<T, S> network) {
        this.model = model;
        this.parts = parts;
        this.terms = terms;
        this.network = network;
    }

    /** Takes the early result of images from..to-1. */
    interface Seen {
        void accept(int from, int to, INDArray value);
    }

    /**
     * What a pass found.
     *
     * @param values  sums of the terms, not weighted, by their names in logs
     * @param weights of the terms
     */
    record Found(Map<String, Double> values, Map<String, Double> weights) {
        static final Found NOTHING = new Found(Map.of(), Map.of());
    }

    /** Runs a view; nothing to do if it has no term. */
    Found run(View view, T targets, List<String> names, StepContext step) {
        return terms.isEmpty() ? Found.NOTHING : run(view, Feed.of(targets), names, step, null);
    }

    /** Runs a view some of whose targets are made of an early result. */
    Found runSeeing(View view, T targets, List<String> names, StepContext step, Seen seen) {
        return run(view, Feed.growing(targets), names, step, seen);
    }

    /**
     * What the terms of these images count in the whole batch: 1 if it is here, else the share of their denominator. Every
     * part of the batch asks for it, for every view in turn.
     */
    private Map<String, Double> shares(List<Term<S>> used, T targets, AllReduce others) {
        double[] here = used.stream().mapToDouble(t -> others.parts() == 1 ? 1 : t.count(targets)).toArray();
        double[] whole = here.clone();
        others.sum(whole);
        Map<String, Double> shares = new LinkedHashMap<>();
        for (int i = 0; i < here.length; i++) {
            shares.put(used.get(i).name(), whole[i] == 0 ? 1 : here[i] / whole[i]);
        }
        return shares;
    }

    private Found run(View view, Feed<T> feed, List<String> names, StepContext step, Seen seen) {
        List<Term<S>> used = terms.stream().filter(t -> t.used(view)).toList();
        Map<String, Double> shares = shares(used, feed.targets(), step.others());
        // before lanes run beside each other: all threads compute what belongs to the whole batch
        feed.prepare(graph(feed, 0, parts.first(names.size())).inputs());
        Map<String, Double> coefficients = new LinkedHashMap<>();
        used.forEach(t -> coefficients.put(t.name(), t.weight(view, step.progress()) * shares.get(t.name())));
        Map<String, Double> sums = parts.sum(step, names, (from, to, gradients, gradT) -> {
            Map<String, Double> named = new LinkedHashMap<>();
            // a term that is not finite is reported under the name that the log has
            graph(feed, from, to)
                .run(feed, from, to, seen == null ? null : value -> seen.accept(from, to, value), coefficients, gradients, gradT)
                .forEach((term, value) -> named.put(view.name(term), value * shares.get(term)));
            return named;
        });
        return new Found(sums, model.terms().weights(view, step.progress()));
    }

    /** The graph for images from..to-1. */
    LossGraph<T> graph(Feed<T> feed, int from, int to) {
        long[] shape = feed.targets().images().shape().clone();
        shape[0] = (long) to - from;
        return graphs.get(shape, feed.targets().kind(from, to), () -> LossGraph.of(model, feed, from, to, network, terms));
    }
}
