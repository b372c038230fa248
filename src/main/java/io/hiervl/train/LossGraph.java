package io.hiervl.train;

import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GradientTarget;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Scope;
import io.hiervl.loss.Feed;
import io.hiervl.loss.Input;
import io.hiervl.loss.Placeholders;
import io.hiervl.loss.Scene;
import io.hiervl.loss.Term;
import io.hiervl.loss.TotalLoss;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A graph that ends in named loss terms. Each term has a coefficient that is given at run time, and the graph's loss is
 * the sum of coefficient times term. Gradients for parameters and for the text embeddings t are added to sums.
 *
 * @param <T> targets of the view
 */
final class LossGraph<T> {
    private static final String COEFFICIENTS = "coefficients";

    private final TrainingModel model;
    private final FusedOps ops;
    private final TotalLoss total;
    private final Placeholders<T> placeholders;
    private Scene<T> scene;
    private List<Input<? super T>> inputs;
    private SDVariable early;
    private int first;
    private GraphRunner runner;
    private long planned;

    /** An empty graph for images from..to-1 of a batch like this one. */
    LossGraph(TrainingModel model, Feed<T> like, int from, int to) {
        this.model = model;
        this.ops = model.newGraph();
        this.total = new TotalLoss(ops, COEFFICIENTS);
        this.placeholders = new Placeholders<>(ops, like, from, to);
    }

    /** Builds a view's network in a new graph and its terms on it. */
    static <T, S extends Scene<T>> LossGraph<T> of(TrainingModel model, Feed<T> like, int from, int to, Networks.Network<T, S> network,
                                                   List<Term<S>> terms) {
        LossGraph<T> graph = new LossGraph<>(model, like, from, to);
        S scene = network.build(graph);
        terms.forEach(term -> graph.total.add(term.name(), scene.build(term)));
        graph.scene = scene;
        graph.inputs = graph.placeholders.inputs();
        graph.placeholders.finish();
        return graph;
    }

    FusedOps ops() {
        return ops;
    }

    /** Scope of all parameters. */
    Scope root() {
        return HierVlNetwork.root(ops, model.store());
    }

    /** The text embeddings as a differentiable input. */
    SDVariable t() {
        return model.inputs().variable(ops.sd(), TrainingModel.T);
    }

    /** Placeholders, while the graph is built. */
    Placeholders<T> in() {
        return placeholders;
    }

    /** What the terms were built on. */
    Scene<T> scene() {
        return scene;
    }

    /** What the graph reads. */
    List<Input<? super T>> inputs() {
        return inputs;
    }

    /** Asks for a result on which the values of all placeholders that are not there yet will depend. */
    void early(SDVariable value) {
        early = value;
        first = placeholders.inputs().size();
    }

    /** The most bytes of arrays that a run has at a time. */
    synchronized long plannedBytes() {
        if (planned == 0) {
            planned = runner().plannedBytes();
        }
        return planned;
    }

    private synchronized GraphRunner runner() {
        if (runner == null) {
            String loss = total.build().name();
            List<String> gradients = new ArrayList<>(model.trainable().stream().filter(ops.sd()::hasVariable).toList());
            if (ops.sd().hasVariable(TrainingModel.T)) {
                gradients.add(TrainingModel.T);
            }
            List<String> outputs = new ArrayList<>();
            if (early != null) {
                outputs.add(early.name());
            }
            total.terms().values().forEach(term -> outputs.add(term.name()));
            runner = gradients.isEmpty() ? ops.runner(outputs) : ops.runner(outputs, loss, gradients);
        }
        return runner;
    }

    /**
     * Runs forward and backward on images from..to-1.
     *
     * @param seen         takes, where the graph runs, the {@linkplain #early early result} before the other values are asked for;
     * null without one
     * @param coefficients by name of the term; terms that are missing count 0
     * @param sum          receives parameter gradients
     * @param gradT        receives the gradient of t
     * @param readings     takes the terms
     * @return place of every term that has a coefficient, not weighted
     */
    Map<String, Integer> run(Feed<T> feed, int from, int to, Consumer<Tensor> seen, Map<String, Double> coefficients, GradientSum sum,
                             GradientSum gradT, Readings readings) {
        GraphRunner ready = runner();
        Map<String, Tensor> given = feed.rows(early == null ? inputs : inputs.subList(0, first), from, to);
        given.put(COEFFICIENTS, Nd4jTensors.of(total.coefficients(coefficients, model.type())));
        GraphRunner.Late late = early == null ? null : result -> {
            seen.accept(result.tensor(early.name()));
            result.release(early.name());
            return feed.rows(inputs.subList(first, inputs.size()), from, to);
        };
        Map<String, Integer> places = new LinkedHashMap<>();
        GraphRunner.GradientSink sink = new GraphRunner.GradientSink() {
            private GradientSum of(String name) {
                return name.equals(TrainingModel.T) ? gradT : sum;
            }

            @Override
            public void accept(String name, Tensor gradient) {
                of(name).add(name, gradient);
            }

            @Override
            public GradientTarget target(String name, ElementType type, long[] shape, boolean adds) {
                return of(name).target(name, type, shape, adds);
            }
        };
        try (GraphRunner.Result result = ready.runTensors(given, late, sink)) {
            total.terms().forEach((name, variable) -> {
                if (coefficients.containsKey(name)) {
                    places.put(name, readings.add(result.tensor(variable.name())));
                }
            });
        }
        return places;
    }
}
