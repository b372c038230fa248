package io.hiervl.train;

import io.hiervl.config.LossConfig;
import io.hiervl.config.ModelConfig.GateMode;
import io.hiervl.data.LabelledBatch;
import io.hiervl.loss.FixedMatcher;
import io.hiervl.loss.GateLoss;
import io.hiervl.loss.MaskTargets;
import io.hiervl.loss.QueryTextLoss;
import io.hiervl.loss.SetLosses;
import io.hiervl.loss.SetPoints;
import io.hiervl.loss.SetTargets;
import io.hiervl.loss.SupervisedCrossEntropy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Block A of a step: labelled images. */
final class LabelledBlock {
    private final TrainingModel model;
    private final MicroBatches parts;
    private final Map<String, Double> coefficients;
    private final MicroBatches.Graphs<FixedMatcher> matchers = new MicroBatches.Graphs<>();
    private final MicroBatches.Graphs<LabelledGraph> graphs = new MicroBatches.Graphs<>();

    LabelledBlock(TrainingModel model, MicroBatches parts) {
        this.model = model;
        this.parts = parts;
        this.coefficients = model.coefficients().labelled();
    }

    /**
     * What the graph reads.
     *
     * @param perImage arrays (B,...)
     * @param shared   arrays without a batch axis
     * @param targets  of the set loss
     * @param points   of the set loss
     */
    record Inputs(Map<String, INDArray> perImage, Map<String, INDArray> shared, SetTargets targets, SetPoints points) {
        /** Values of images from..to-1. */
        Map<String, INDArray> part(int from, int to) {
            Map<String, INDArray> part = MicroBatches.rows(perImage, from, to);
            part.putAll(shared);
            if (points != null) {
                part.putAll(points.part(from, to).values(perImage.get("images").dataType()));
            }
            return part;
        }
    }

    /** Everything random or known before the network runs. */
    Inputs inputs(LabelledBatch batch, Draws draws) {
        INDArray labels = batch.labels();
        int n = (int) labels.size(0);
        LossConfig loss = model.recipe().loss();
        SetTargets targets = matchers.get(labels.shape(), "", () -> model.matcher(labels.size(1), labels.size(2), model.maskStride())).match(labels);
        Map<String, INDArray> all = new LinkedHashMap<>();
        all.put("images", batch.images());
        all.putAll(SetLosses.Inputs.values(labels, targets));
        all.put("ce_weights", SupervisedCrossEntropy.weights(labels, model.classes().size()));
        all.put("presence", targets.presence());
        all.put("use_gt", useGt(targets, draws.truthGates(n, loss.gate().gtGateProbability())));
        all.put("gate_weights", GateLoss.weights(targets.presence()));
        all.put("qt_weights", QueryTextLoss.weights(targets.rowClass(), model.classes().size()));
        if (coefficients.containsKey("pt_unmasked")) {
            MaskTargets.Patches patches = MaskTargets.allPatches(labels, model.maskRules());
            all.put("patch_classes", patches.classes());
            all.put("patch_weights", patches.weights());
        }
        return new Inputs(all, SetLosses.Inputs.shared(targets), targets, draws.points("labelled", n));
    }

    /** Without any valid pixel there is no ground truth to gate with. */
    private INDArray useGt(SetTargets targets, boolean[] coins) {
        GateMode mode = model.recipe().model().gate().mode();
        boolean[] valid = targets.valid();
        INDArray use = model.filled(0, valid.length);
        for (int b = 0; b < valid.length; b++) {
            use.putScalar(b, valid[b] && (mode == GateMode.GT || mode == GateMode.MIX && coins[b]) ? 1 : 0);
        }
        return use;
    }

    /** The graph for a part of the batch. */
    LabelledGraph graph(INDArray images, Inputs in, SetPoints points) {
        Set<String> terms = coefficients.keySet();
        return graphs.get(images.shape(), points.kind(), () -> LabelledGraph.of(model, images.shape(), terms, in.targets, points));
    }

    void run(LabelledBatch batch, StepContext context) {
        Inputs in = inputs(batch, context.draws());
        parts.sum(context, batch.names(), (from, to, gradients, gradT) -> {
            Map<String, INDArray> part = in.part(from, to);
            return graph(part.get("images"), in, in.points.part(from, to)).loss().run(part, coefficients, gradients, gradT);
        }).forEach((term, value) -> context.term(term, value, coefficients.get(term)));
    }
}
