package io.hiervl.bench;

import io.hiervl.backend.choice.Backends;
import io.hiervl.graph.Compute;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import io.hiervl.op.GivenGradient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A graph under measurement: parameters and inputs in one store, everything trainable, so that a backward pass gives the
 * gradient of each.
 */
final class Work {
    private final ParameterStore store = new ParameterStore();
    private final FusedOps ops;
    private final List<SDVariable> results = new ArrayList<>();
    private final Random random;
    private SDVariable loss;

    Work(Random random) {
        this(random, Compute.plain(Backends.compute()));
    }

    Work(Random random, Compute compute) {
        this.random = random;
        this.ops = new FusedOps(Graphs.create(), DataType.FLOAT, compute);
    }

    ParameterStore store() {
        return store;
    }

    FusedOps ops() {
        return ops;
    }

    Scope root() {
        return new Scope(ops, store, "");
    }

    /** Normal values of deviation 1, the same for the same random generator. */
    static INDArray normal(Random random, long... shape) {
        float[] values = new float[Math.toIntExact(java.util.Arrays.stream(shape).reduce(1, Math::multiplyExact))];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Nd4j.create(values, shape, 'c');
    }

    /** A normal input; its gradient is computed if asked for. */
    SDVariable input(String name, boolean gradient, long... shape) {
        store.add(name, normal(random, shape), gradient ? ParameterStore.Group.NEW : ParameterStore.Group.FROZEN, false);
        return root().get(name);
    }

    SDVariable constant(String name, double value, long... shape) {
        return ops.constant(name, Nd4j.valueArrayOf(shape, value, DataType.FLOAT));
    }

    /** Something that the forward pass is to compute. */
    void result(SDVariable x) {
        results.add(x);
    }

    /** Adds factor * sum(x) to the loss. */
    void sum(SDVariable x, double factor) {
        SDVariable term = ops.scale(ops.sum(x), factor, 0);
        loss = loss == null ? term : ops.add(loss, term);
    }

    /** Makes an array of normal values the gradient of x, instead of a loss. */
    void given(SDVariable x) {
        loss = ops.adopt(new GivenGradient().apply(ops.sd(), x, ops.constant("given", normal(random, ops.shape(x)))), 1);
    }

    /** Adds the mean of x to the loss. */
    void mean(SDVariable x) {
        long n = 1;
        for (long d : ops.shape(x)) {
            n *= d;
        }
        sum(x, 1.0 / n);
    }

    /** Forward to the results. */
    Runnable forward() {
        return runnable(ops.runner(results.stream().map(SDVariable::name).toList()));
    }

    /** Forward and backward from the loss to everything trainable. */
    Runnable both() {
        ops.named(loss, "loss");
        List<String> all = store.all().stream().filter(ParameterStore.Parameter::trainable).map(ParameterStore.Parameter::name)
            .filter(ops.sd()::hasVariable).toList();
        return runnable(ops.runner(List.of("loss"), "loss", all));
    }

    private static Runnable runnable(GraphRunner runner) {
        return () -> {
            try (GraphRunner.Result result = runner.run(Map.of())) {
                java.util.Objects.requireNonNull(result);
            }
        };
    }
}
