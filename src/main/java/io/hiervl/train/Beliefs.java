package io.hiervl.train;

import io.hiervl.data.UnlabelledBatch;
import io.hiervl.graph.StepArrays;
import io.hiervl.loss.Believed;
import io.hiervl.loss.Downsample;
import io.hiervl.loss.GuidanceLabels;
import io.hiervl.loss.GuidanceLoss;
import io.hiervl.tensor.Tensor;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Labels for unlabelled images, from their weak views and without gradients: what the network and the frozen CLIP believe. */
final class Beliefs {
    private final TrainingModel model;
    private final FrozenGraph frozen;
    private final FrozenFeatures features;
    private final MicroBatches parts;
    private final MicroBatches.Graphs<InferenceGraph> graphs = new MicroBatches.Graphs<>();

    Beliefs(TrainingModel model, FrozenGraph frozen, MicroBatches parts) {
        this(model, frozen, null, parts);
    }

    /** @param features of a frozen tower, null for a tower that runs in the graphs */
    Beliefs(TrainingModel model, FrozenGraph frozen, FrozenFeatures features, MicroBatches parts) {
        this.features = features;
        this.model = model;
        this.frozen = frozen;
        this.parts = parts;
    }

    /**
     * @param progress of training: without a weight for guidance no label of the frozen CLIP is wanted, and all of them are 255
     * @param arrays   where the maps will be
     */
    Believed of(UnlabelledBatch batch, double progress, StepArrays arrays) {
        Believed maps = start(batch, progress, arrays);
        Tensor weak = arrays.place(batch.weak());
        parts.forEach((int) weak.size(0), (from, to) -> {
            Tensor part = weak.rows(from, to);
            InferenceGraph graph = graphs.get(part.shape(), "", () -> InferenceGraph.of(model, features, part,
                model.unlabelledStride()));
            graph.run(part, z -> maps.believe(from, to, z));
        });
        return maps;
    }

    /** Maps with valid pixels and guidance, and room for what the network believes. */
    Believed start(UnlabelledBatch batch, double progress, StepArrays arrays) {
        INDArray valid = Downsample.nearest(batch.valid(), model.unlabelledStride());
        Tensor placed = arrays.place(valid);
        Tensor guidance = arrays.make(placed.type(), placed.shape());
        if (model.terms().weighed(GuidanceLoss.class, progress)) {
            Tensor weak = arrays.place(batch.weak());
            parts.forEach((int) valid.size(0), (from, to) -> arrays.kernels(guidance.type()).sureLabels(
                frozen.classScores(weak.rows(from, to), arrays), placed.rows(from, to), model.recipe().loss().guidance().threshold(),
                guidance.rows(from, to), null));
        } else {
            arrays.kernels(guidance.type()).fill(guidance, GuidanceLabels.NONE);
        }
        return new Believed(arrays, arrays.make(placed.type(), placed.shape()), arrays.make(placed.type(), placed.shape()), valid,
            guidance);
    }
}
