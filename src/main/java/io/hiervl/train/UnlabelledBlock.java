package io.hiervl.train;

import io.hiervl.config.LossConfig;
import io.hiervl.data.CutMix;
import io.hiervl.data.UnlabelledBatch;
import io.hiervl.loss.Coefficients.View;
import io.hiervl.loss.EntropyLoss;
import io.hiervl.loss.FeaturePerturbationLoss;
import io.hiervl.loss.FixedMatcher;
import io.hiervl.loss.GuidanceLoss;
import io.hiervl.loss.PseudoLabels;
import io.hiervl.loss.SetLosses;
import io.hiervl.loss.SetPoints;
import io.hiervl.loss.SetTargets;
import io.hiervl.loss.StrongViewLoss;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Blocks B and C of a step: strong views and the feature-perturbed view of unlabelled images, with the weak view's labels. */
final class UnlabelledBlock {
    private static final int PYRAMID = 4;

    private final TrainingModel model;
    private final MicroBatches parts;
    private final Beliefs beliefs;
    private final LossConfig loss;
    private final Set<String> terms = new TreeSet<>();
    private final MicroBatches.Graphs<FixedMatcher> matchers = new MicroBatches.Graphs<>();
    private final MicroBatches.Graphs<UnlabelledGraph> graphs = new MicroBatches.Graphs<>();

    UnlabelledBlock(TrainingModel model, FrozenGraph frozen, MicroBatches parts) {
        this.model = model;
        this.parts = parts;
        this.beliefs = new Beliefs(model, frozen, parts);
        this.loss = model.recipe().loss();
        for (View view : View.values()) {
            terms.addAll(model.coefficients().view(view, 0).keySet());
        }
    }

    /**
     * A view with the labels for it.
     *
     * @param images (U,3,H,W)
     * @param labels maps (U,h,w), mixed as the images are
     */
    record Mixed(INDArray images, Beliefs.Maps labels) {
    }

    void run(UnlabelledBatch batch, StepContext context) {
        boolean guided = model.coefficients().view(View.S1, context.progress()).getOrDefault("guidance", 0.0) > 0
            || model.coefficients().view(View.FP, context.progress()).getOrDefault("guidance", 0.0) > 0;
        boolean shared = sharesPass(context);
        Beliefs.Maps own = shared ? beliefs.start(batch, guided) : beliefs.of(batch, guided);
        Map<String, Double> perturbed = shared ? weakAndPerturbed(batch, own, context) : null;
        context.log().put("mask_ratio", StrongViewLoss.maskRatio(own.confidence(), own.valid(), loss.consistency().threshold()));
        if (batch.truth() != null) {
            context.log().put("pseudo_accuracy", own.accuracy(batch.truth(), model.unlabelledStride(), model.classes().size()));
        }
        boolean mixed = batch.boxes1().stream().anyMatch(b -> b != null) || batch.boxes2().stream().anyMatch(b -> b != null);
        Beliefs.Maps other = batch.partner() == null || !mixed ? own : beliefs.of(batch.partner(), guided);
        view(View.S1, mix(batch, own, other, View.S1), batch.names(), context);
        view(View.S2, mix(batch, own, other, View.S2), batch.names(), context);
        if (shared) {
            log(View.FP, perturbed, context);
        } else {
            view(View.FP, new Mixed(batch.weak(), own), batch.names(), context);
        }
    }

    /**
     * Whether one pass of the image tower and the pyramid serves the weak and the feature-perturbed view, which show it the same pixels. The
     * weights of a pixel follow from what is believed about its image; but targets of the set loss have denominators of the whole batch.
     */
    private boolean sharesPass(StepContext context) {
        return !loss.unlabelled().selfTrainSet() && !model.coefficients().view(View.FP, context.progress()).isEmpty();
    }

    /**
     * Runs the feature-perturbed view and, on the way, the weak view.
     *
     * @param own receives what is believed about the weak views
     * @return terms of the feature-perturbed view
     */
    private Map<String, Double> weakAndPerturbed(UnlabelledBatch batch, Beliefs.Maps own, StepContext context) {
        LabelledBlock.Inputs in = inputs(View.FP, new Mixed(batch.weak(), own), context.draws());
        return terms(View.FP, batch.names(), context, (from, to, coefficients, gradients, gradT) -> {
            INDArray images = MicroBatches.rows(batch.weak(), from, to);
            UnlabelledGraph graph = graphs.get(images.shape(), "weak", () -> UnlabelledGraph.of(model, images.shape(), true, terms, null, null));
            return graph.loss().run(Map.of("images", images), early -> {
                own.believe(from, to, PseudoLabels.of(early.output(graph.weak().name())));
                early.release(graph.weak().name());
                Map<String, INDArray> part = in.part(from, to);
                part.put("self_weights", MicroBatches.rows(selfWeights(View.FP, own), from, to));
                return part;
            }, coefficients, gradients, gradT);
        });
    }

    /** CutMix of a strong view; a batch of one takes its partner from another batch. */
    Mixed mix(UnlabelledBatch batch, Beliefs.Maps own, Beliefs.Maps other, View view) {
        UnlabelledBatch partner = batch.partner() == null ? batch : batch.partner();
        boolean first = view == View.S1;
        List<CutMix.Box> boxes = first ? batch.boxes1() : batch.boxes2();
        List<CutMix.Box> small = boxes.stream().map(b -> b == null ? null : b.atStride(model.unlabelledStride())).toList();
        return new Mixed(CutMix.mix(first ? batch.strong1() : batch.strong2(), first ? partner.strong1() : partner.strong2(), boxes),
            own.with(other, (a, b) -> CutMix.mix(a, b, small)));
    }

    /** Everything that the graph reads for a view. */
    LabelledBlock.Inputs inputs(View view, Mixed in, Draws draws) {
        Beliefs.Maps labels = in.labels;
        int n = (int) in.images.size(0);
        Map<String, INDArray> all = new LinkedHashMap<>();
        all.put("images", in.images);
        all.put("labels", labels.labels());
        all.put("self_weights", selfWeights(view, labels));
        if (terms.contains("guidance")) {
            all.put("guidance_labels", labels.guidance());
            all.put("guidance_weights", GuidanceLoss.weights(labels.guidance()));
        }
        if (terms.contains("entropy")) {
            all.put("entropy_weights", EntropyLoss.weights(labels.valid()));
        }
        all.put("image_weights", model.filled(1.0 / n, n));
        int channels = model.architecture().vision().width();
        for (int i = 0; i < PYRAMID; i++) {
            all.put("keep" + (i + 1), view == View.FP ? draws.channels(i, n, channels, loss.consistency().featureDropout()).castTo(model.type())
                : model.filled(1, n, channels));
        }
        if (!loss.unlabelled().selfTrainSet()) {
            return new LabelledBlock.Inputs(all, Map.of(), null, null);
        }
        INDArray confident = labels.confident(loss.consistency().threshold());
        SetTargets targets = matchers.get(confident.shape(), "", () -> model.matcher(confident.size(1), confident.size(2),
            model.maskStride() / model.unlabelledStride())).matchPseudo(confident, labels.confident(0));
        all.putAll(SetLosses.Inputs.values(confident, targets));
        return new LabelledBlock.Inputs(all, SetLosses.Inputs.shared(targets), targets, draws.points(view.name(""), n));
    }

    private INDArray selfWeights(View view, Beliefs.Maps labels) {
        return view == View.FP ? FeaturePerturbationLoss.weights(labels.confidence(), labels.valid(), loss.consistency().threshold(), loss.consistency().confidence())
            : StrongViewLoss.weights(labels.confidence(), labels.valid(), loss.consistency().threshold(), loss.consistency().confidence());
    }

    /** The graph for a part of the batch. */
    UnlabelledGraph graph(INDArray images, SetTargets like, SetPoints points) {
        return graphs.get(images.shape(), points == null ? "" : points.kind(),
            () -> UnlabelledGraph.of(model, images.shape(), false, terms, like, points));
    }

    private void view(View view, Mixed mixed, List<String> names, StepContext context) {
        if (model.coefficients().view(view, context.progress()).isEmpty()) {
            return;
        }
        LabelledBlock.Inputs in = inputs(view, mixed, context.draws());
        log(view, terms(view, names, context, (from, to, coefficients, gradients, gradT) -> {
            Map<String, INDArray> part = in.part(from, to);
            SetPoints points = in.points() == null ? null : in.points().part(from, to);
            return graph(part.get("images"), in.targets(), points).loss().run(part, coefficients, gradients, gradT);
        }), context);
    }

    private interface Part {
        Map<String, Double> run(int from, int to, Map<String, Double> coefficients, GradientSum gradients, GradientSum gradT);
    }

    /** Runs the parts of a view and returns the sums of its terms. */
    private Map<String, Double> terms(View view, List<String> names, StepContext context, Part body) {
        Map<String, Double> coefficients = model.coefficients().view(view, context.progress());
        return parts.sum(context, names, (from, to, gradients, gradT) -> {
            Map<String, Double> named = new LinkedHashMap<>();
            // a term that is not finite is reported under the name that the log has
            body.run(from, to, coefficients, gradients, gradT).forEach((term, value) -> named.put(view.name(term), value));
            return named;
        });
    }

    private void log(View view, Map<String, Double> found, StepContext context) {
        Map<String, Double> coefficients = model.coefficients().view(view, context.progress());
        found.forEach((term, value) -> context.term(term, value, coefficients.get(term.substring(0, term.lastIndexOf('_')))));
    }
}
