package io.hiervl.train;

import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Scope;
import io.hiervl.loss.TotalLoss;
import io.hiervl.model.HierVlNetwork;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A graph that ends in named loss terms. Each term has a coefficient that is given at run time, and the graph's loss is
 * the sum of coefficient times term. Gradients for parameters and for the text embeddings t are added to sums.
 */
final class LossGraph {
    private static final String COEFFICIENTS = "coefficients";

    private final TrainingModel model;
    private final FusedOps ops;
    private final TotalLoss total;
    private final List<String> early = new ArrayList<>();
    private GraphRunner runner;
    private List<String> gradients;

    LossGraph(TrainingModel model) {
        this.model = model;
        this.ops = model.newGraph();
        this.total = new TotalLoss(ops, COEFFICIENTS);
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

    /** Adds a term, a scalar of shape (1). */
    void term(String name, SDVariable value) {
        total.add(name, value);
    }

    /** Asks for a result on which values of placeholders will depend; to be built before anything that reads those. */
    void early(SDVariable value) {
        early.add(value.name());
    }

    private synchronized void prepare() {
        if (runner == null) {
            String loss = total.build().name();
            gradients = new ArrayList<>(model.trainable().stream().filter(ops.sd()::hasVariable).toList());
            if (ops.sd().hasVariable(TrainingModel.T)) {
                gradients.add(TrainingModel.T);
            }
            List<String> outputs = new ArrayList<>(early);
            total.terms().values().forEach(term -> outputs.add(term.name()));
            runner = gradients.isEmpty() ? new GraphRunner(ops.sd(), outputs) : new GraphRunner(ops.sd(), outputs, loss, gradients, ops.blocks());
        }
    }

    /**
     * Runs forward and backward.
     *
     * @param inputs       values of the placeholders other than coefficients
     * @param coefficients by term; terms that are missing count 0
     * @param sum          receives parameter gradients
     * @param gradT        receives the gradient of t
     * @return value of every term that has a coefficient, not weighted
     */
    Map<String, Double> run(Map<String, INDArray> inputs, Map<String, Double> coefficients, GradientSum sum, GradientSum gradT) {
        return run(inputs, null, coefficients, sum, gradT);
    }

    /** The same with values of placeholders that follow from {@linkplain #early early results}. */
    Map<String, Double> run(Map<String, INDArray> inputs, GraphRunner.Late late, Map<String, Double> coefficients, GradientSum sum,
                            GradientSum gradT) {
        prepare();
        Map<String, INDArray> all = new LinkedHashMap<>(inputs);
        all.put(COEFFICIENTS, total.coefficients(coefficients, model.type()));
        Map<String, Double> values = new LinkedHashMap<>();
        GraphRunner.GradientSink sink = (name, gradient) -> (name.equals(TrainingModel.T) ? gradT : sum).add(name, gradient);
        try (GraphRunner.Result result = runner.run(all, late, sink)) {
            total.terms().forEach((name, variable) -> {
                if (coefficients.containsKey(name)) {
                    values.put(name, result.scalar(variable.name()));
                }
            });
        }
        return values;
    }
}
