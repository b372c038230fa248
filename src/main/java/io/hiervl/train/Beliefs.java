package io.hiervl.train;

import io.hiervl.data.UnlabelledBatch;
import io.hiervl.loss.Downsample;
import io.hiervl.loss.GuidanceLabels;
import io.hiervl.loss.PseudoLabels;
import java.util.function.BinaryOperator;
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

    /**
     * Maps (U,h,w) at the resolution of the unlabelled losses.
     *
     * @param labels     the network's best class
     * @param confidence its probability
     * @param valid      0 on padding
     * @param guidance   labels of the frozen CLIP, 255 for none
     */
    record Maps(INDArray labels, INDArray confidence, INDArray valid, INDArray guidance) {
        /** Fills in the images from..to-1. */
        void believe(int from, int to, PseudoLabels found) {
            labels.get(NDArrayIndex.interval(from, to)).assign(found.labels());
            confidence.get(NDArrayIndex.interval(from, to)).assign(found.confidence());
        }

        /** All maps combined with those of another batch. */
        Maps with(Maps other, BinaryOperator<INDArray> mix) {
            return new Maps(mix.apply(labels, other.labels), mix.apply(confidence, other.confidence), mix.apply(valid, other.valid),
                mix.apply(guidance, other.guidance));
        }

        /** Labels of valid pixels of at least this confidence, 255 elsewhere. */
        INDArray confident(double threshold) {
            INDArray kept = confidence.gte(threshold).castTo(labels.dataType()).muli(valid);
            return labels.sub(GuidanceLabels.NONE).muli(kept).addi(GuidanceLabels.NONE);
        }

        /** Share of valid pixels with a true class (U,H,W) whose label is right. */
        double accuracy(INDArray truth, int stride, int classes) {
            INDArray t = Downsample.nearest(truth, stride);
            INDArray known = t.lt(classes).castTo(valid.dataType()).mul(valid);
            double n = known.sumNumber().doubleValue();
            return n == 0 ? 0 : labels.eq(t).castTo(valid.dataType()).mul(known).sumNumber().doubleValue() / n;
        }
    }

    /** @param guided whether labels of the frozen CLIP are wanted; else all of them are 255 */
    Maps of(UnlabelledBatch batch, boolean guided) {
        Maps maps = start(batch, guided);
        parts.forEach((int) batch.weak().size(0), (from, to) -> {
            INDArray part = MicroBatches.rows(batch.weak(), from, to);
            InferenceGraph graph = graphs.get(part.shape(), "", () -> InferenceGraph.of(model, part.shape(), model.unlabelledStride()));
            maps.believe(from, to, PseudoLabels.of(graph.z(part)));
        });
        return maps;
    }

    /** Maps with valid pixels and guidance, and room for what the network believes. */
    Maps start(UnlabelledBatch batch, boolean guided) {
        INDArray valid = Downsample.nearest(batch.valid(), model.unlabelledStride());
        INDArray guidance = valid.dup('c').assign(GuidanceLabels.NONE);
        if (guided) {
            parts.forEach((int) valid.size(0), (from, to) -> guidance.get(NDArrayIndex.interval(from, to)).assign(GuidanceLabels.of(
                frozen.classScores(MicroBatches.rows(batch.weak(), from, to)), (int) valid.size(1), (int) valid.size(2),
                MicroBatches.rows(valid, from, to), model.recipe().loss().guidance().threshold()).labels()));
        }
        return new Maps(valid.dup('c'), valid.dup('c'), valid, guidance);
    }
}
