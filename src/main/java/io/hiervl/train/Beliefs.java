package io.hiervl.train;

import io.hiervl.data.UnlabelledBatch;
import io.hiervl.loss.Believed;
import io.hiervl.loss.Downsample;
import io.hiervl.loss.GuidanceLabels;
import io.hiervl.loss.GuidanceLoss;
import io.hiervl.loss.PseudoLabels;
import io.hiervl.loss.Rows;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Labels for unlabelled images, from their weak views and without gradients: what the network and the frozen CLIP believe. */
final class Beliefs {
    private final TrainingModel model;
    private final FrozenGraph frozen;
    private final MicroBatches parts;
    private final MicroBatches.Graphs<InferenceGraph> graphs = new MicroBatches.Graphs<>();

    Beliefs(TrainingModel model, FrozenGraph frozen, MicroBatches parts) {
        this.model = model;
        this.frozen = frozen;
        this.parts = parts;
    }

    /** @param progress of training: without a weight for guidance no label of the frozen CLIP is wanted, and all of them are 255 */
    Believed of(UnlabelledBatch batch, double progress) {
        Believed maps = start(batch, progress);
        parts.forEach((int) batch.weak().size(0), (from, to) -> {
            INDArray part = Rows.of(batch.weak(), from, to);
            InferenceGraph graph = graphs.get(part.shape(), "", () -> InferenceGraph.of(model, part.shape(), model.unlabelledStride()));
            maps.believe(from, to, PseudoLabels.of(graph.z(part)));
        });
        return maps;
    }

    /** Maps with valid pixels and guidance, and room for what the network believes. */
    Believed start(UnlabelledBatch batch, double progress) {
        INDArray valid = Downsample.nearest(batch.valid(), model.unlabelledStride());
        INDArray guidance = valid.dup('c').assign(GuidanceLabels.NONE);
        if (model.terms().weighed(GuidanceLoss.class, progress)) {
            parts.forEach((int) valid.size(0), (from, to) -> guidance.get(NDArrayIndex.interval(from, to)).assign(GuidanceLabels.of(
                frozen.classScores(Rows.of(batch.weak(), from, to)), (int) valid.size(1), (int) valid.size(2),
                Rows.of(valid, from, to), model.recipe().loss().guidance().threshold()).labels()));
        }
        return new Believed(valid.dup('c'), valid.dup('c'), valid, guidance);
    }
}
