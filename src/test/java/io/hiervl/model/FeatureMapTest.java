package io.hiervl.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Initializer;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.ParameterStore.Group;
import io.hiervl.graph.Scope;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A fine map that is not made: one transposed convolution does what it and the 1x1 convolution behind it did, to the last bits. */
class FeatureMapTest {
    private static final int CHANNELS = 6;
    private static final int HEIGHT = 4;
    private static final int WIDTH = 5;
    private final Random random = new Random(7);
    private final ParameterStore store = new ParameterStore();

    /** 32 channels are more than the 20 pixels of the coarse map: the product of the weights would cost more than it saves. */
    @ParameterizedTest
    @CsvSource({"3, true, true", "3, false, true", "19, true, true", "20, true, false", "32, false, false"})
    void valuesAndGradientsAreThoseOfTheTwoConvolutions(int dim, boolean bias, boolean composed) {
        Initializer at = new Initializer(store, DataType.DOUBLE, random, "up", Group.NEW);
        at.up("layer", CHANNELS, CHANNELS);
        store.get("up.layer.bias").array().assign(noise(CHANNELS));
        new Initializer(store, DataType.DOUBLE, random, "side", Group.NEW).caffeConv("conv", CHANNELS, dim, 1, bias);
        if (bias) {
            store.get("side.conv.bias").array().assign(noise(dim));
        }
        store.add("x", noise(2, CHANNELS, HEIGHT, WIDTH), Group.NEW, true);
        INDArray cotangent = noise(2, dim, 2 * HEIGHT, 2 * WIDTH);
        Map<String, INDArray> lazy = run(cotangent, false, composed);
        Map<String, INDArray> made = run(cotangent, true, false);
        assertEquals(made.keySet(), lazy.keySet());
        made.forEach((name, value) -> assertEquals(0, value.distance2(lazy.get(name)), 1e-13 * value.norm2Number().doubleValue(), name));
    }

    private Map<String, INDArray> run(INDArray cotangent, boolean make, boolean composed) {
        FusedOps ops = new FusedOps(Graphs.create(), DataType.DOUBLE);
        Scope root = HierVlNetwork.root(ops, store);
        FeatureMap map = FeatureMap.upsampled(root.get("x"), root.at("up").at("layer"));
        if (make) {
            map.value();
        }
        SDVariable y = map.projected(root.at("side").at("conv"));
        long convolutions = Arrays.stream(ops.sd().ops()).filter(op -> op.opName().equals("hiervl_conv2d")).count();
        assertEquals(composed ? 0 : 1, convolutions);
        SDVariable loss = ops.sum(ops.mul(y, ops.constant("cotangent", cotangent)));
        List<String> names = store.all().stream().map(ParameterStore.Parameter::name).toList();
        Map<String, INDArray> found = new HashMap<>();
        try (GraphRunner.Result r = ops.runner(List.of(y.name()), loss.name(), names).run(Map.of())) {
            found.put("y", r.output(y.name()).dup('c'));
            names.forEach(n -> found.put(n, r.gradient(n).dup('c')));
        }
        return found;
    }

    private INDArray noise(long... shape) {
        return Nd4j.create(random.doubles(Arrays.stream(shape).reduce(1, (a, b) -> a * b)).map(v -> 2 * v - 1).toArray(), shape, 'c');
    }
}
