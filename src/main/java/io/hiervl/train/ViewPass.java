package io.hiervl.train;

import io.hiervl.loss.Feed;
import io.hiervl.loss.Scene;
import io.hiervl.loss.Targets;
import io.hiervl.loss.Term;
import io.hiervl.loss.View;
import io.hiervl.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
    private final DeviceRoom room;

    /**
     * @param room  of the device
     * @param terms of the views that are run
     */
    ViewPass(TrainingModel model, DeviceRoom room, MicroBatches parts, List<Term<S>> terms, Networks.Network<T, S> network) {
        this.model = model;
        this.room = room;
        this.parts = parts;
        this.terms = terms;
        this.network = network;
    }

    /** Takes the early result of images from..to-1. */
    interface Seen {
        void accept(int from, int to, Tensor value);
    }

    /**
     * What a pass found.
     *
     * @param view    that was run
     * @param names   of the batch's images
     * @param parts   where the terms are
     * @param shares  of the terms here in those of the whole batch
     * @param weights of the terms by their names in logs
     */
    record Found(View view, List<String> names, List<MicroBatches.Terms> parts, Map<String, Double> shares, Map<String, Double> weights) {
        static final Found NOTHING = new Found(null, List.of(), List.of(), Map.of(), Map.of());

        /**
         * Sums of the terms over all parts, not weighted, by their names in logs.
         *
         * @param step whose scalars are read
         * @throws io.hiervl.HierVlException of kind DIVERGED naming the term and the part's images if a term is not finite
         */
        Map<String, Double> values(StepContext step) {
            Map<String, Double> sums = new LinkedHashMap<>();
            for (MicroBatches.Terms part : parts) {
                part.places().forEach((term, place) -> {
                    double value = step.readings().value(place) * shares.get(term);
                    // reported under the name that the log has
                    step.requireFinite(view.name(term), value, names.subList(part.from(), part.to()));
                    sums.merge(view.name(term), value, Double::sum);
                });
            }
            return sums;
        }
    }

    /** Runs a view; nothing to do if it has no term. */
    Found run(View view, T targets, List<String> names, StepContext step) {
        return terms.isEmpty() ? Found.NOTHING : run(view, Feed.of(targets, step.arrays()), names, step, null);
    }

    /** Runs a view some of whose targets are made of an early result. */
    Found runSeeing(View view, T targets, List<String> names, StepContext step, Seen seen) {
        return run(view, Feed.growing(targets, step.arrays()), names, step, seen);
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
        int first = parts.first(names.size());
        LossGraph<T> graph = graph(feed, 0, first);
        if (!step.arrays().backend().onHost()) {
            room.require(view, first, graph.plannedBytes());
        }
        feed.prepare(graph.inputs());
        Map<String, Double> coefficients = new LinkedHashMap<>();
        used.forEach(t -> coefficients.put(t.name(), t.weight(view, step.progress()) * shares.get(t.name())));
        List<MicroBatches.Terms> terms = parts.run(step, names.size(), (from, to, gradients, gradT) -> graph(feed, from, to)
            .run(feed, from, to, seen == null ? null : value -> seen.accept(from, to, value), coefficients, gradients, gradT,
                step.readings()));
        return new Found(view, names, terms, shares, model.terms().weights(view, step.progress()));
    }

    /** The graph for images from..to-1. */
    LossGraph<T> graph(Feed<T> feed, int from, int to) {
        long[] shape = feed.targets().images().shape().clone();
        shape[0] = (long) to - from;
        return graphs.get(shape, feed.targets().kind(from, to), () -> LossGraph.of(model, feed, from, to, network, terms));
    }
}
