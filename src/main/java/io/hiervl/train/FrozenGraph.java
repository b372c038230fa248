package io.hiervl.train;

import io.hiervl.backend.Backend;
import io.hiervl.clip.DensePath;
import io.hiervl.graph.DeviceArrays;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.StepArrays;
import io.hiervl.loss.GuidanceLabels;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

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
    private DeviceArrays constants;
    private Tensor groups;
    private final FrozenFeatures features;

    FrozenGraph(TrainingModel model) {
        this(model, null);
    }

    /** @param features where scores are kept, null: nowhere */
    FrozenGraph(TrainingModel model, FrozenFeatures features) {
        this.model = model;
        this.features = features;
    }

    /** Scores (B,K,h,w) of classes for the trained tower's patches of images (B,3,H,W). */
    Tensor classScores(Tensor images, StepArrays arrays) {
        if (features == null) {
            return computed(images, arrays);
        }
        synchronized (features) {
            List<INDArray> rows = new ArrayList<>();
            for (int b = 0; b < images.size(0); b++) {
                rows.add(features.kept().of(features.named("guidance"), Nd4jTensors.array(images.rows(b, b + 1)),
                    image -> List.of(arrays.onHost(computed(Nd4jTensors.of(image), arrays)))).get(0).castTo(model.type()));
            }
            return Nd4jTensors.of(rows.size() == 1 ? rows.get(0) : Nd4j.concat(0, rows.toArray(new INDArray[0])));
        }
    }

    private Tensor computed(Tensor images, StepArrays arrays) {
        long[] shape = images.shape();
        int patch = model.patch();
        long h = shape[2] / patch;
        long w = shape[3] / patch;
        int classes = model.classes().size();
        return run(images, arrays, cosines.get(shape, "", () -> build(shape, true, DensePath.VALUE)), cosine -> {
            Tensor scores = arrays.make(cosine.type(), shape[0], classes, h * w);
            arrays.kernels(cosine.type()).groupMaxima(cosine, groups(arrays.backend()), scores);
            return scores.reshape(shape[0], classes, h, w);
        });
    }

    /** Class of every concept, where the scores are. */
    private synchronized Tensor groups(Backend backend) {
        if (constants == null) {
            constants = new DeviceArrays(backend);
            groups = constants.copy(Nd4j.createFromArray(model.guidance().classOf()).castTo(model.type()));
        }
        return groups;
    }

    /** Dense embeddings (B,h*w,C) of images (B,3,H,W), on the same path as those of the trained tower; any length. */
    Tensor reference(Tensor images, StepArrays arrays) {
        GraphRunner runner = references.get(images.shape(), "", () -> build(images.shape(), false, model.densePath()));
        return run(images, arrays, runner, found -> {
            Tensor kept = arrays.make(found.type(), found.shape());
            arrays.kernels(found.type()).copy(found, kept);
            return kept;
        });
    }

    /** @param keep makes of the result what outlives the run */
    private static Tensor run(Tensor images, StepArrays arrays, GraphRunner runner, UnaryOperator<Tensor> keep) {
        try (GraphRunner.Result r = runner.runTensors(Map.of(IMAGES, arrays.place(images)), null, null)) {
            return keep.apply(r.tensor(RESULT));
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
