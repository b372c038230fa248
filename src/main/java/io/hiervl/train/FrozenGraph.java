package io.hiervl.train;

import io.hiervl.clip.DensePath;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.loss.GuidanceLabels;
import io.hiervl.model.HierVlNetwork;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The frozen CLIP image tower, inference only. It gives two things: class scores on the value path, from which guidance
 * labels are made (SemiVL), and reference features for equation 6. Its parameters stand in the store under
 * {@code frozen.vision}.
 */
final class FrozenGraph {
    private static final String IMAGES = "images";
    private static final String RESULT = "result";

    private final TrainingModel model;
    private final MicroBatches.Graphs<GraphRunner> cosines = new MicroBatches.Graphs<>();
    private final MicroBatches.Graphs<GraphRunner> references = new MicroBatches.Graphs<>();

    FrozenGraph(TrainingModel model) {
        this.model = model;
    }

    /** Scores (B,K,h,w) of classes for the trained tower's patches of images (B,3,H,W). */
    INDArray classScores(INDArray images) {
        long[] shape = images.shape();
        int patch = model.patch();
        INDArray found = run(images, cosines.get(shape, "", () -> build(shape, true, DensePath.VALUE)));
        return GuidanceLabels.classScores(found, model.guidance().classOf(), model.classes().size(), (int) shape[2] / patch,
            (int) shape[3] / patch);
    }

    /** Dense embeddings (B,h*w,C) of images (B,3,H,W), on the same path as those of the trained tower; any length. */
    INDArray reference(INDArray images) {
        return run(images, references.get(images.shape(), "", () -> build(images.shape(), false, model.densePath())));
    }

    private static INDArray run(INDArray images, GraphRunner runner) {
        try (GraphRunner.Result r = runner.run(Map.of(IMAGES, images))) {
            return r.output(RESULT).dup('c');
        }
    }

    private GraphRunner build(long[] shape, boolean scores, DensePath path) {
        FusedOps ops = model.newGraph();
        SDVariable x = ops.placeholder(IMAGES, shape);
        SDVariable dense = model.network().towers().frozenDense(HierVlNetwork.root(ops, model.store()), x, path);
        ops.named(scores ? GuidanceLabels.cosines(ops, dense, ops.constant("concepts", model.guidance().embeddings()),
            model.architecture().logitScale()) : dense, RESULT);
        return ops.runner(List.of(RESULT));
    }
}
