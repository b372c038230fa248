package io.hiervl.train;

import io.hiervl.clip.DensePath;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Scope;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.SemanticInference;
import io.hiervl.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The network without losses, on the text embeddings of the model: the weak view, from which labels come. */
record InferenceGraph(GraphRunner runner) {
    private static final String IMAGES = "images";
    private static final String Z = "z";

    /**
     * @param images shape (b,3,H,W)
     * @param stride of z, in pixels
     */
    static InferenceGraph of(TrainingModel model, long[] images, int stride) {
        FusedOps ops = model.newGraph();
        Scope root = HierVlNetwork.root(ops, model.store());
        SDVariable t = model.inputs().variable(ops.sd(), TrainingModel.T);
        HierVlNetwork net = model.network();
        HierVlNetwork.Features features = net.encode(root, ops.placeholder(IMAGES, images), DensePath.NONE);
        ops.named(logScores(root, net, features, t, (int) images[2] / stride, (int) images[3] / stride), Z);
        return new InferenceGraph(ops.runner(List.of(Z)));
    }

    /** z (b,K,height,width) from the features of images. */
    static SDVariable logScores(Scope root, HierVlNetwork net, HierVlNetwork.Features features, SDVariable t, int height, int width) {
        HierVlNetwork.Output out = net.decode(root, features, t, null, null, false);
        return SemanticInference.logScores(root.ops(), net.inferenceScores(root.ops(), out), height, width,
            net.config().output().temperature());
    }

    /** Hands z (b,K,H/stride,W/stride) over where the graph runs; it is valid during the call. */
    void run(Tensor images, Consumer<Tensor> taker) {
        try (GraphRunner.Result result = runner.runTensors(Map.of(IMAGES, images), null, null)) {
            taker.accept(result.tensor(Z));
        }
    }

    /** z (b,K,H/stride,W/stride) on the host, a copy. */
    INDArray z(INDArray images) {
        try (GraphRunner.Result result = runner.run(Map.of(IMAGES, images))) {
            return result.output(Z).dup('c');
        }
    }
}
