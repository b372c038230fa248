package io.hiervl.graph;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.GoldenFixtures.Case;
import io.hiervl.GoldenSuite.Setting;
import io.hiervl.backend.Backend;
import io.hiervl.backend.choice.Backends;
import io.hiervl.graph.ParameterStore.Group;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.internal.Variable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Runs a graph of the project on a golden case: inputs and parameters go into a parameter store under the project's
 * names, outputs are compared, and with differentiable ops the gradients of all inputs and parameters too.
 */
public final class GoldenGraph {
    /** Where a golden tensor lives in the store: these parameters one below the other, or one parameter transposed. */
    private record Home(List<String> names, boolean transposed) {
    }

    public final Case golden;
    public final Setting setting;
    public final Ops ops;
    public final ParameterStore store = new ParameterStore();
    private final Map<String, Home> homes = new LinkedHashMap<>();
    private final Map<String, SDVariable> outputs = new LinkedHashMap<>();
    private final Set<String> outsideTheGraph = new LinkedHashSet<>();

    public GoldenGraph(Case golden, Setting setting) {
        this.golden = golden;
        this.setting = setting;
        this.ops = setting.ops();
    }

    public Scope scope(String prefix) {
        return new Scope(ops, store, prefix);
    }

    public INDArray array(String tensor) {
        return golden.array(tensor, setting.type);
    }

    /** A tensor that is not differentiated. */
    public SDVariable constant(String tensor) {
        return ops.constant(tensor, array(tensor));
    }

    /** An input (or a parameter under its full name) as a variable of the graph, differentiated if the fixture has a gradient for it. */
    public SDVariable input(String tensor) {
        return input(tensor, tensor);
    }

    /** An input that the project keeps under another name. */
    public SDVariable input(String tensor, String name) {
        if (!store.has(name)) {
            store.add(name, array(tensor), group(tensor), true);
            homes.put(tensor, new Home(List.of(name), false));
        }
        return store.variable(ops.sd(), name);
    }

    /** Puts a golden parameter into the store under the project's name. */
    public void param(String goldenName, String name) {
        input("param." + goldenName, name);
    }

    /** The same for a matrix that the fixture holds transposed. */
    public void transposed(String goldenName, String name) {
        store.add(name, array("param." + goldenName).transpose().dup('c'), group("param." + goldenName), true);
        homes.put("param." + goldenName, new Home(List.of(name), true));
    }

    /** A packed attention projection split into three. */
    public void packed(String goldenName, String q, String k, String v) {
        INDArray all = array("param." + goldenName);
        long d = all.size(0) / 3;
        List<String> names = List.of(q, k, v);
        for (int i = 0; i < 3; i++) {
            INDArray part = all.rank() == 1 ? all.get(NDArrayIndex.interval(i * d, (i + 1) * d))
                : all.get(NDArrayIndex.interval(i * d, (i + 1) * d), NDArrayIndex.all());
            store.add(names.get(i), part.dup('c'), group("param." + goldenName), true);
        }
        homes.put("param." + goldenName, new Home(names, false));
    }

    /** Says that no op takes a parameter: it is used before the graph starts, or has no part in this reading. */
    public void outsideTheGraph(String... goldenNames) {
        for (String name : goldenNames) {
            outsideTheGraph.add("param." + name);
        }
    }

    /** Adds every parameter whose name a rule translates; the rule returns null for those it leaves out. */
    public void params(UnaryOperator<String> rule) {
        for (String tensor : golden.names("param")) {
            String local = tensor.substring("param.".length());
            String name = rule.apply(local);
            if (name != null) {
                param(local, name);
            }
        }
    }

    private Group group(String tensor) {
        return golden.has("grad." + tensor) ? Group.NEW : Group.FROZEN;
    }

    /** Names a result that {@link #verify} compares with the golden output. */
    public void output(String goldenName, SDVariable value) {
        golden.tensor(goldenName);
        outputs.put(goldenName, value);
    }

    /** Runs the graph and compares outputs, and gradients where the ops have them. */
    public void verify() {
        homes.forEach((tensor, home) -> assertTrue(
            !tensor.startsWith("param.") || outsideTheGraph.contains(tensor) || home.names.stream().allMatch(this::used),
            golden.name + ": no graph uses " + tensor));
        if (!setting.differentiable()) {
            Map<String, INDArray> values = ops.sd().output(Map.of(), outputs.values().stream().map(SDVariable::name).toList());
            outputs.forEach((name, v) -> golden.check(name, values.get(v.name())));
            return;
        }
        SDVariable loss = loss();
        Set<String> parameters = new LinkedHashSet<>();
        if (loss != null) {
            homes.forEach((tensor, home) -> {
                if (golden.has("grad." + tensor)) {
                    parameters.addAll(home.names);
                }
            });
        }
        parameters.removeIf(n -> !ops.sd().hasVariable(n));
        Backend backend = setting.type == DataType.DOUBLE ? Backends.host() : Backends.compute();
        GraphRunner runner = new GraphRunner(backend, ops.sd(), outputs.values().stream().map(SDVariable::name).toList(),
            parameters.isEmpty() ? null : loss.name(), parameters, List.of());
        try (GraphRunner.Result result = runner.run(Map.of())) {
            outputs.forEach((name, v) -> golden.check(name, result.output(v.name())));
            homes.forEach((tensor, home) -> {
                if (golden.has("grad." + tensor)) {
                    long[] shape = golden.shape("grad." + tensor);
                    golden.check("grad." + tensor, gradient(result, home).reshape(shape.length == 0 ? new long[] {1} : shape));
                }
            });
        }
    }

    /** Whether an op of the graph takes the variable, or it is a result itself. */
    private boolean used(String name) {
        Variable v = ops.sd().getVariables().get(name);
        boolean taken = v != null && v.getInputsForOp() != null && !v.getInputsForOp().isEmpty();
        return taken || outputs.values().stream().anyMatch(o -> o.name().equals(name));
    }

    private INDArray gradient(GraphRunner.Result result, Home home) {
        List<INDArray> parts = new ArrayList<>();
        for (String name : home.names) {
            INDArray g = ops.sd().hasVariable(name) ? result.gradient(name) : null;
            parts.add(g != null ? g : store.get(name).array().like().assign(0));
        }
        INDArray all = parts.size() == 1 ? parts.get(0) : Nd4j.concat(0, parts.toArray(new INDArray[0]));
        return (home.transposed ? all.transpose() : all).dup('c');
    }

    /** Sum of all outputs times their cotangents; a scalar has cotangent 1, an output without a cotangent takes no part. */
    private SDVariable loss() {
        SDVariable sum = null;
        for (Map.Entry<String, SDVariable> e : outputs.entrySet()) {
            SDVariable term = golden.has("cot." + e.getKey())
                ? ops.sum(ops.mul(e.getValue(), ops.constant("cot_" + e.getKey(), array("cot." + e.getKey()))))
                : golden.shape(e.getKey()).length == 0 ? ops.sum(e.getValue()) : null;
            sum = term == null ? sum : sum == null ? term : ops.add(sum, term);
        }
        return sum;
    }
}
