package io.hiervl.loss;

import io.hiervl.config.LossConfig;
import io.hiervl.config.Recipe;
import io.hiervl.config.TrainConfig.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All terms of the total loss (docs/paper.md 8.7). What a step computes, weighs and logs follows from this list, in its order. */
public final class Terms {
    private final Method method;
    private final List<Term<?>> all;

    private Terms(Method method, List<Term<?>> all) {
        this.method = method;
        this.all = List.copyOf(all);
    }

    /** The terms of a recipe. */
    public static Terms of(Recipe recipe) {
        LossConfig loss = recipe.loss();
        List<Term<?>> all = new ArrayList<>();
        all.add(new SupervisedCrossEntropy(loss));
        if (recipe.model().tower().unet() > 0) {
            all.add(SupervisedCrossEntropy.ofUNet(loss));
        }
        all.addAll(SetTerm.labelled(recipe));
        all.add(new QueryTextLoss(loss));
        all.add(new GateLoss(loss));
        all.add(new PixelTextLoss.Unmasked(loss));
        all.add(new StrongViewLoss(loss));
        all.add(new FeaturePerturbationLoss(loss));
        all.addAll(SetTerm.unlabelled(recipe));
        all.add(new GuidanceLoss(loss));
        all.add(new EntropyLoss(loss, recipe.model()));
        all.add(new QueryTextLoss.Unlabelled(loss));
        all.addAll(VisionLanguageLoss.terms(loss));
        all.addAll(PromptLoss.terms(loss));
        return new Terms(recipe.train().method(), all);
    }

    /** These terms and one more. */
    public Terms with(Term<?> term) {
        List<Term<?>> more = new ArrayList<>(all);
        more.add(term);
        return new Terms(method, more);
    }

    /** The terms that count at some moment of training on any of these views, which all offer the same scene. */
    @SuppressWarnings("unchecked")
    public <S extends Scene<?>> List<Term<S>> on(Class<S> scene, View... views) {
        return all.stream().filter(t -> t.scene() == scene && Arrays.stream(views).anyMatch(v -> used(t, v)))
            .map(t -> (Term<S>) t).toList();
    }

    private boolean used(Term<?> term, View view) {
        boolean allowed = switch (method) {
            case HIERVL -> true;
            case UNIMATCH -> !term.language();
            case SUPERVISED -> !term.language() && term.scene() != UnlabelledScene.class;
        };
        return allowed && term.scene() == view.scene() && term.used(view);
    }

    /** Whether anything is trained on a view. */
    public boolean any(View view) {
        return all.stream().anyMatch(t -> used(t, view));
    }

    /** Whether a kind of term has a weight on any view at this moment. */
    public boolean weighed(Class<? extends Term<?>> kind, double progress) {
        return all.stream().filter(kind::isInstance)
            .anyMatch(t -> Arrays.stream(View.values()).anyMatch(v -> used(t, v) && t.weight(v, progress) > 0));
    }

    /** Weights of all terms of a view by their names in logs. */
    public Map<String, Double> weights(View view, double progress) {
        Map<String, Double> weights = new LinkedHashMap<>();
        all.stream().filter(t -> used(t, view)).forEach(t -> weights.put(view.name(t.name()), t.weight(view, progress)));
        return weights;
    }

    /** Weights of all terms by their names in logs. */
    public Map<String, Double> weights(double progress) {
        Map<String, Double> weights = new LinkedHashMap<>();
        for (View view : View.values()) {
            weights.putAll(weights(view, progress));
        }
        return weights;
    }

    /** Names in logs of the terms that the line of progress shows, of one strong view for all unlabelled ones. */
    public List<String> headlines() {
        List<String> names = new ArrayList<>();
        for (View view : List.of(View.LABELLED, View.S1, View.MASKED, View.PROMPTS)) {
            all.stream().filter(t -> used(t, view) && t.headline()).forEach(t -> names.add(view.name(t.name())));
        }
        return names;
    }
}
