package io.hiervl.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.GoldenFixtures.Case;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.ParameterStore.Group;
import io.hiervl.graph.Scope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A golden case of a loss in a graph of its own: losses are compared, and the gradients of their weighted sum. */
final class LossCase {
    final Case golden;
    final DataType type;
    final FusedOps ops;
    private final ParameterStore store = new ParameterStore();
    private final Map<String, String> leaves = new LinkedHashMap<>();
    private final Map<String, SDVariable> losses = new LinkedHashMap<>();
    private SDVariable sum;

    LossCase(Case golden, DataType type) {
        this.golden = golden;
        this.type = type;
        this.ops = new FusedOps(Graphs.create(), type);
        for (String p : golden.names("param")) {
            store.add(p.substring("param.".length()), golden.array(p, type), Group.NEW, true);
            leaves.put(p, p.substring("param.".length()));
        }
    }

    /** A case that has no parameters, as its op needs none. */
    static LossCase withoutParameters(Case golden, DataType type) {
        assertEquals(List.of(), golden.names("param"), "parameters of " + golden.name);
        return new LossCase(golden, type);
    }

    INDArray array(String tensor) {
        return golden.array(tensor, type);
    }

    /** An input as a variable of the graph. */
    SDVariable input(String tensor) {
        if (!store.has(tensor)) {
            store.add(tensor, array(tensor), Group.NEW, false);
            leaves.put(tensor, tensor);
        }
        return store.variable(ops.sd(), tensor);
    }

    SDVariable constant(INDArray value) {
        return ops.constant("constant", value.castTo(type));
    }

    SDVariable constant(double[] values, long... shape) {
        return constant(Nd4j.createFromArray(values).reshape(shape));
    }

    /** The place of the case's parameters. */
    Scope scope(String prefix) {
        return new Scope(ops, store, prefix);
    }

    /** A loss by its golden name, and what the fixture's gradients weight it with. */
    LossCase loss(String tensor, SDVariable value, double weight) {
        losses.put(tensor, value);
        SDVariable part = ops.scale(ops.adopt(value, 1), weight, 0);
        sum = sum == null ? part : ops.add(sum, part);
        return this;
    }

    /** Compares losses and gradients. A leaf without a golden gradient must be detached, or else named here. */
    void verify(String... free) {
        golden.names("param").forEach(p -> assertTrue(ops.sd().hasVariable(leaves.get(p)), golden.name + ": no graph uses " + p));
        List<String> names = leaves.values().stream().filter(ops.sd()::hasVariable).toList();
        GraphRunner runner = ops.runner(losses.values().stream().map(SDVariable::name).toList(), sum.name(), names);
        try (GraphRunner.Result r = runner.run(Map.of())) {
            losses.forEach((tensor, v) -> golden.check(tensor, r.output(v.name())));
            int compared = 0;
            for (Map.Entry<String, String> leaf : leaves.entrySet()) {
                INDArray g = ops.sd().hasVariable(leaf.getValue()) ? r.gradient(leaf.getValue()) : null;
                if (golden.has("grad." + leaf.getKey())) {
                    golden.check("grad." + leaf.getKey(), g);
                    compared++;
                } else if (List.of(free).contains(leaf.getKey())) {
                    assertTrue(Double.isFinite(g.sumNumber().doubleValue()), golden.name + " gradient of " + leaf.getKey());
                } else if (g != null) {
                    assertEquals(0, g.amaxNumber().doubleValue(), golden.name + ": " + leaf.getKey() + " is detached");
                }
            }
            assertEquals(golden.names("gradient").size(), compared, "gradients of " + golden.name);
        }
    }
}
