package io.hiervl.model;

import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Staging;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Measures what batch norm of the U-Net needs for predictions: mean and variance of every channel before each norm, averaged over batches
 * of training images (precise batch norm, arXiv 2105.07576). Weights that change do not blur them, as they blur running averages.
 */
public final class UNetStatistics {
    private static final String PLACE = "unet";
    private static final String IMAGES = "images";

    private final ParameterStore store;
    private final GraphRunner runner;
    private final List<BatchNorm.Layer> layers;
    private final Map<String, Sums> sums = new HashMap<>();

    private static final class Sums {
        private final double[] values;
        private final double[] squares;
        private double count;

        Sums(int channels) {
            values = new double[channels];
            squares = new double[channels];
        }

        void add(INDArray x) {
            int channels = (int) x.size(1);
            int plane = (int) (x.size(2) * x.size(3));
            float[] v = Staging.floats(Nd4jTensors.of(x));
            for (int i = 0; i < v.length; i++) {
                int c = i / plane % channels;
                values[c] += v[i];
                squares[c] += (double) v[i] * v[i];
            }
            count += (double) v.length / channels;
        }
    }

    /**
     * @param images shape (B,3,H,W) of a batch
     * @param store  parameters, read at every batch
     */
    public UNetStatistics(HierVlNetwork network, ParameterStore store, long[] images) {
        this.store = store;
        FusedOps ops = network.newGraph(store.get(PLACE + ".trust").array().dataType());
        BatchNorm norm = BatchNorm.ofBatch();
        Scope at = HierVlNetwork.root(ops, store).at(PLACE);
        UNet.decode(at, UNet.encode(at, ops.placeholder(IMAGES, images), norm), norm);
        layers = norm.layers();
        runner = ops.runner(layers.stream().map(l -> l.input().name()).toList());
    }

    /** Whether the network has a U-Net. */
    public static boolean needed(HierVlNetwork network) {
        return network.config().tower().unet() > 0;
    }

    /** Whether what is measured depends on this parameter. */
    public static boolean reads(String parameter) {
        return parameter.startsWith(PLACE + ".");
    }

    /** Whether this parameter is measured. */
    public static boolean writes(String parameter) {
        return reads(parameter) && BatchNorm.measured(parameter);
    }

    /** Takes a batch into the averages. */
    public void add(INDArray images) {
        try (GraphRunner.Result result = runner.run(Map.of(IMAGES, images))) {
            for (BatchNorm.Layer layer : layers) {
                INDArray x = result.output(layer.input().name());
                sums.computeIfAbsent(layer.place(), p -> new Sums((int) x.size(1))).add(x);
            }
        }
    }

    /** Writes the averages into the store. */
    public void write() {
        for (BatchNorm.Layer layer : layers) {
            Sums s = sums.get(layer.place());
            INDArray mean = store.get(layer.mean()).array();
            INDArray inverse = store.get(layer.inverse()).array();
            for (int c = 0; c < s.values.length; c++) {
                double m = s.values[c] / s.count;
                mean.putScalar(c, m);
                inverse.putScalar(c, BatchNorm.inverse(s.squares[c] / s.count - m * m));
            }
        }
    }
}
