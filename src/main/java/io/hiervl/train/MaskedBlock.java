package io.hiervl.train;

import io.hiervl.data.LabelledBatch;
import io.hiervl.loss.MaskTargets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Block D of a step: labelled images with one class erased. */
final class MaskedBlock {
    private final TrainingModel model;
    private final FrozenGraph frozen;
    private final MicroBatches parts;
    private final Map<String, Double> coefficients;
    private final MicroBatches.Graphs<MaskedGraph> graphs = new MicroBatches.Graphs<>();

    MaskedBlock(TrainingModel model, FrozenGraph frozen, MicroBatches parts) {
        this.model = model;
        this.frozen = frozen;
        this.parts = parts;
        this.coefficients = model.coefficients().masked();
    }

    /** Targets of this step. */
    MaskTargets targets(LabelledBatch batch, Draws draws) {
        return MaskTargets.of(batch.labels(), model.maskRules(), draws.erased(MaskTargets.suitable(batch.labels(), model.maskRules())));
    }

    /** What the graph reads, apart from the reference features. */
    static Map<String, INDArray> inputs(LabelledBatch batch, MaskTargets targets) {
        Map<String, INDArray> all = new LinkedHashMap<>();
        all.put("images", targets.erase(batch.images()));
        all.put("patch_classes", targets.patches().classes());
        all.put("patch_weights", targets.patches().weights());
        return all;
    }

    /** The graph for a part of the batch. */
    MaskedGraph graph(INDArray images) {
        return graphs.get(images.shape(), "", () -> MaskedGraph.of(model, images.shape(), coefficients.keySet()));
    }

    void run(LabelledBatch batch, StepContext context) {
        if (coefficients.isEmpty()) {
            return;
        }
        MaskTargets targets = targets(batch, context.draws());
        if (!targets.patches().any()) {
            return;
        }
        Map<String, INDArray> all = inputs(batch, targets);
        parts.sum(context, batch.names(), (from, to, gradients, gradT) -> {
            Map<String, INDArray> part = MicroBatches.rows(all, from, to);
            if (coefficients.containsKey("mask")) {
                part.put("reference", frozen.reference(MicroBatches.rows(batch.images(), from, to)));
            }
            return graph(part.get("images")).loss().run(part, coefficients, gradients, gradT);
        }).forEach((term, value) -> context.term(term, value, coefficients.get(term)));
    }
}
