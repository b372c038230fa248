package io.hiervl.train;

import io.hiervl.data.Batches;
import io.hiervl.data.LabelledBatch;
import io.hiervl.data.UnlabelledBatch;
import io.hiervl.loss.Believed;
import io.hiervl.loss.ErasedTargets;
import io.hiervl.loss.LabelledScene;
import io.hiervl.loss.LabelledTargets;
import io.hiervl.loss.MaskedScene;
import io.hiervl.loss.Term;
import io.hiervl.loss.Terms;
import io.hiervl.loss.UnlabelledScene;
import io.hiervl.loss.View;
import io.hiervl.loss.ViewTargets;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The algorithm (docs/paper.md 8.8): the views of one step, from which all gradients come. Every view may run in micro-batches: all
 * denominators are known before a batch is split, so the sum of the parts' gradients is the gradient of the whole.
 */
final class HierVlStep {
    private final TrainingModel model;
    private final FrozenGraph frozen;
    private final Beliefs beliefs;
    private final Teacher teacher;
    private final StepTargets targets;
    private final TextGraph prompts;
    private final ViewPass<LabelledTargets, LabelledScene> labelled;
    private final ViewPass<ViewTargets, UnlabelledScene> strong;
    private final ViewPass<ViewTargets, UnlabelledScene> perturbed;
    private final ViewPass<ErasedTargets, MaskedScene> masked;

    /**
     * @param kept    outputs of a frozen tower, null: it runs in every graph
     * @param teacher gives unlabelled images their labels; null: the network itself does
     */
    HierVlStep(TrainingModel model, TextGraph prompts, KeptArrays kept, Teacher teacher) {
        Terms terms = model.terms();
        MicroBatches parts = new MicroBatches(model.recipe().train().batch().microBatch(), model.backend());
        List<Term<LabelledScene>> onLabelled = terms.on(LabelledScene.class, View.LABELLED);
        boolean dense = onLabelled.stream().anyMatch(Term::dense);
        FrozenFeatures features = kept == null ? null : new FrozenFeatures(model, kept, dense);
        Networks networks = new Networks(model, features);
        DeviceRoom room = new DeviceRoom(model);
        this.model = model;
        this.prompts = prompts;
        this.frozen = new FrozenGraph(model, features);
        this.teacher = teacher;
        this.beliefs = new Beliefs(teacher == null ? model : teacher.model(), frozen, features, parts);
        this.targets = new StepTargets(model);
        this.labelled = new ViewPass<>(model, room, parts, onLabelled, networks.labelled(dense));
        this.strong = new ViewPass<>(model, room, parts, terms.on(UnlabelledScene.class, View.S1, View.S2), networks.strong());
        this.perturbed = new ViewPass<>(model, room, parts, terms.on(UnlabelledScene.class, View.FP), networks.perturbed(sharesPass()));
        this.masked = new ViewPass<>(model, room, parts, terms.on(MaskedScene.class, View.MASKED), networks.masked());
    }

    /** Adds the gradients of all terms to those of the step; the weights are not touched. */
    void run(Batches.Step batch, StepContext step) {
        prompts.forward();
        // labelled images
        LabelledBatch known = batch.labelled();
        step.add(labelled.run(View.LABELLED, targets.labelled(known, step.draws()), known.names(), step));
        if (batch.unlabelled() != null && model.unlabelled()) {
            unlabelled(batch.unlabelled(), step);
        }
        // labelled images with one class erased
        if (model.terms().any(View.MASKED)) {
            ErasedTargets erased = targets.erased(known, frozen, step.draws(), step.arrays());
            step.add(step.anywhere(erased.patches().any()) ? masked.run(View.MASKED, erased, known.names(), step) : ViewPass.Found.NOTHING);
        }
        // the prompt, with the gradient of t from everything above
        prompts.backward(step);
    }

    private void unlabelled(UnlabelledBatch batch, StepContext step) {
        List<String> names = batch.names();
        if (teacher != null) {
            teacher.forward();
        }
        // weak view: labels; where one pass serves both, the feature-perturbed view on the way
        boolean shared = sharesPass();
        Believed weak = shared ? beliefs.start(batch, step.progress(), step.arrays())
            : beliefs.of(batch, step.progress(), step.arrays());
        ViewTargets dropped = targets.view(View.FP, batch.weak(), weak, step.draws());
        ViewPass.Found found = shared ? perturbed.runSeeing(View.FP, dropped, names, step,
            weak::believe) : null;
        log(batch, weak, step);
        // CutMix of the strong views and of their labels, each for itself: two mixed batches at a time would cost memory
        Believed partner = batch.partner() == null || !mixes(batch) ? weak : beliefs.of(batch.partner(), step.progress(), step.arrays());
        for (View view : List.of(View.S1, View.S2)) {
            step.add(strong.run(view, targets.mixed(view, batch, weak, partner, step.draws()), names, step));
        }
        // feature-perturbed view
        step.add(shared ? found : perturbed.run(View.FP, dropped, names, step));
    }

    /**
     * Whether one pass of the image tower and the pyramid serves the weak and the feature-perturbed view, which show it the same pixels.
     * A teacher has other weights.
     * The weights of a pixel follow from what is believed about its image; but targets of the set loss have denominators of the whole
     * batch.
     */
    private boolean sharesPass() {
        return teacher == null && !model.recipe().loss().unlabelled().selfTrainSet() && model.terms().any(View.FP);
    }

    private static boolean mixes(UnlabelledBatch batch) {
        return batch.boxes1().stream().anyMatch(b -> b != null) || batch.boxes2().stream().anyMatch(b -> b != null);
    }

    /** Figures that add up over the parts of the batch. */
    private void log(UnlabelledBatch batch, Believed weak, StepContext step) {
        int sure = step.readings().room(2);
        weak.countSure(model.recipe().loss().consistency().threshold(), step.readings().at(sure, 2));
        double valid = step.share(weak.valid().sumNumber().doubleValue());
        step.later(() -> step.log().put("mask_ratio",
            step.readings().value(sure) / Math.max(1, step.readings().value(sure + 1)) * valid));
        INDArray known = batch.truth() == null ? null : weak.known(batch.truth(), model.unlabelledStride(), model.classes().size());
        boolean any = step.anywhere(known != null);
        double count = known == null ? 0 : known.sumNumber().doubleValue();
        double share = step.share(count);
        if (!any) {
            return;
        }
        if (count == 0) {
            step.later(() -> step.log().put("pseudo_accuracy", 0.0));
            return;
        }
        int right = step.readings().room(1);
        weak.countRight(batch.truth(), known, model.unlabelledStride(), step.readings().at(right, 1));
        step.later(() -> step.log().put("pseudo_accuracy", step.readings().value(right) / count * share));
    }
}
