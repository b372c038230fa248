package io.hiervl.train;

import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Scope;
import io.hiervl.model.HierVlNetwork;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A graph that ends in named loss terms. Each term has a coefficient that is given at run time, and the graph's loss is
 * the sum of coefficient times term. Gradients for parameters and for the text embeddings t are added to a sum.
 */
final class LossGraph {
    private final List<String> terms = new ArrayList<>();
    private final TrainingModel model;
    private final FusedOps ops;
    private SDVariable total;
    private GraphRunner runner;
    private List<String> gradients;

    LossGraph(TrainingModel model) {
        this.model = model;
        this.ops = new FusedOps(Graphs.create(), DataType.FLOAT);
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
        SDVariable named = ops.adopt(value.rename("term_" + name), 1);
        SDVariable weighted = ops.mul(named, ops.placeholder("coefficient_" + name, 1));
        total = total == null ? weighted : ops.add(total, weighted);
        terms.add(name);
    }

    private synchronized void prepare() {
        if (runner == null) {
            ops.named(total, "loss");
            gradients = new ArrayList<>(model.trainable().stream().filter(ops.sd()::hasVariable).toList());
            if (ops.sd().hasVariable(TrainingModel.T)) {
                gradients.add(TrainingModel.T);
            }
            runner = new GraphRunner(ops.sd(), terms.stream().map(n -> "term_" + n).toList(), "loss", gradients);
        }
    }

    /**
     * Runs forward and backward.
     *
     * @param inputs       values of the placeholders other than coefficients
     * @param coefficients by term; terms that are missing count 0
     * @param sum          receives parameter gradients
     * @param gradT        receives the gradient of t, or null
     * @return value of every term, not weighted
     */
    Map<String, Double> run(Map<String, INDArray> inputs, Map<String, Double> coefficients, GradientSum sum, GradientSum gradT) {
        prepare();
        Map<String, INDArray> all = new LinkedHashMap<>(inputs);
        for (String name : terms) {
            all.put("coefficient_" + name, TrainingModel.filled(coefficients.getOrDefault(name, 0.0), 1));
        }
        Map<String, Double> values = new LinkedHashMap<>();
        try (GraphRunner.Result result = runner.run(all)) {
            for (String name : terms) {
                values.put(name, result.scalar("term_" + name));
            }
            for (String name : gradients) {
                INDArray gradient = result.gradient(name);
                if (!name.equals(TrainingModel.T)) {
                    sum.add(name, gradient);
                } else if (gradient != null && gradT != null) {
                    gradT.add(name, gradient);
                }
            }
        }
        return values;
    }
}
