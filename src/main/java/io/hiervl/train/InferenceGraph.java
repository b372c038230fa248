package io.hiervl.train;

import io.hiervl.clip.DensePath;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Scope;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.SemanticInference;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The network without losses, on the text embeddings of the model: the weak view, from which labels come. */
record InferenceGraph(GraphRunner runner, FrozenFeatures frozen) {
    private static final String IMAGES = "images";
    private static final String Z = "z";

    /**
     * @param images shape (b,3,H,W)
     * @param stride of z, in pixels
     */
    static InferenceGraph of(TrainingModel model, long[] images, int stride) {
        return of(model, null, images, null, stride);
    }

    /** The same for images like these whose tower is frozen; null for a tower that runs in the graph. */
    static InferenceGraph of(TrainingModel model, FrozenFeatures frozen, Tensor images, int stride) {
        return of(model, frozen, images.shape(), images, stride);
    }

    private static InferenceGraph of(TrainingModel model, FrozenFeatures frozen, long[] images, Tensor like, int stride) {
        FusedOps ops = model.newGraph();
        Scope root = HierVlNetwork.root(ops, model.store());
        SDVariable t = model.inputs().variable(ops.sd(), TrainingModel.T);
        HierVlNetwork net = model.network();
        SDVariable x = ops.placeholder(IMAGES, images);
        HierVlNetwork.Features features =
            net.encode(root, x, frozen == null ? net.tower(root, x, DensePath.NONE) : frozen.placeholders(ops, like));
        ops.named(logScores(root, net, features, t, (int) images[2] / stride, (int) images[3] / stride), Z);
        return new InferenceGraph(ops.runner(List.of(Z)), frozen);
    }

    /** z (b,K,height,width) from the features of images. */
    static SDVariable logScores(Scope root, HierVlNetwork net, HierVlNetwork.Features features, SDVariable t, int height, int width) {
        HierVlNetwork.Output out = net.decode(root, features, t, null, null, false);
        return SemanticInference.logScores(root.ops(), net.inferenceScores(root.ops(), out), height, width,
            net.config().output().temperature());
    }

    private GraphRunner.Result result(Tensor images) {
        Map<String, Tensor> values = new HashMap<>(frozen == null ? Map.of() : frozen.values(images));
        values.put(IMAGES, images);
        return runner.runTensors(values, null, null);
    }

    /** Hands z (b,K,H/stride,W/stride) over where the graph runs; it is valid during the call. */
    void run(Tensor images, Consumer<Tensor> taker) {
        try (GraphRunner.Result result = result(images)) {
            taker.accept(result.tensor(Z));
        }
    }

    /** z (b,K,H/stride,W/stride) on the host, a copy. */
    INDArray z(INDArray images) {
        try (GraphRunner.Result result = result(Nd4jTensors.of(images))) {
            return result.output(Z).dup('c');
        }
    }
}
