package io.hiervl.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backbone.Backbones;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Initializer;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.ParameterStore.Group;
import io.hiervl.graph.Scope;
import io.hiervl.image.ClipNormalize;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Batch norm of the U-Net: over the images of a pass in training, with measured statistics for predictions. */
class BatchNormTest {
    private final ParameterStore store = new ParameterStore();

    private INDArray conv(BatchNorm norm, INDArray x) {
        FusedOps ops = new FusedOps(Graphs.create(), DataType.DOUBLE);
        SDVariable y = norm.conv(new Scope(ops, store, "layer"), ops.placeholder("x", x.shape()), 2);
        try (GraphRunner.Result r = ops.runner(List.of(y.name())).run(Map.of("x", x))) {
            return r.output(y.name()).dup('c');
        }
    }

    private static INDArray noise(Random random, long... shape) {
        return Nd4j.create(random.doubles(Nd4j.create(shape).length()).map(v -> 3 * v - 1).toArray(), shape, 'c');
    }

    private void layer(Random random) {
        Initializer at = new Initializer(store, DataType.DOUBLE, random, "layer", Group.NEW);
        at.caffeConv("conv", 3, 4, 3, false);
        BatchNorm.init(at, 4);
        store.get("layer.norm.weight").array().assign(noise(random, 4));
        store.get("layer.norm.bias").array().assign(noise(random, 4));
    }

    @Test
    void channelsAreNormalisedOverAllImagesOfThePass() {
        Random random = new Random(3);
        layer(random);
        INDArray y = conv(BatchNorm.ofBatch(), noise(random, 3, 3, 6, 8));
        for (int c = 0; c < 4; c++) {
            INDArray channel = y.get(NDArrayIndex.all(), NDArrayIndex.point(c)).dup('c');
            double gamma = store.get("layer.norm.weight").array().getDouble(c);
            assertEquals(store.get("layer.norm.bias").array().getDouble(c), channel.meanNumber().doubleValue(), 1e-9);
            assertEquals(Math.abs(gamma), channel.std(false).getDouble(0), 1e-3 * Math.abs(gamma));
        }
        INDArray first = y.get(NDArrayIndex.point(0), NDArrayIndex.point(0)).dup('c');
        assertTrue(Math.abs(first.meanNumber().doubleValue() - store.get("layer.norm.bias").array().getDouble(0)) > 1e-3,
            "one image was normalised for itself");
    }

    @Test
    void measuredStatisticsGiveWhatTheBatchGave() {
        Random random = new Random(5);
        UNet.init(new Initializer(store, DataType.FLOAT, random, "unet", Group.NEW), 8, 3);
        store.get("unet.classes.weight").array().assign(noise(random, 3, 8, 1, 1));
        HierVlNetwork network = new HierVlNetwork(NetworkParametersTest.config("model.unet=8"),
            ImageTowers.of(Backbones.ofClip(NetworkParametersTest.CLIP, ClipNormalize.openai())), 3);
        INDArray images = noise(random, 2, 3, 64, 96).castTo(DataType.FLOAT);
        INDArray before = logits(network, images, BatchNorm.stored());
        UNetStatistics statistics = new UNetStatistics(network, store, images.shape());
        statistics.add(images);
        statistics.write();
        INDArray trained = logits(network, images, BatchNorm.ofBatch());
        assertTrue(trained.distance2(before) > 0.1 * trained.norm2Number().doubleValue(), "nothing was measured");
        assertEquals(0, trained.distance2(logits(network, images, BatchNorm.stored())), 1e-4 * trained.norm2Number().doubleValue());
    }

    private INDArray logits(HierVlNetwork network, INDArray images, BatchNorm norm) {
        FusedOps ops = network.newGraph(DataType.FLOAT);
        Scope at = HierVlNetwork.root(ops, store).at("unet");
        SDVariable y = UNet.decode(at, UNet.encode(at, ops.placeholder("x", images.shape()), norm), norm).logits();
        try (GraphRunner.Result r = ops.runner(List.of(y.name())).run(Map.of("x", images))) {
            return r.output(y.name()).dup('c');
        }
    }
}
