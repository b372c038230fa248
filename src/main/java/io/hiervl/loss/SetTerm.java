package io.hiervl.loss;

import io.hiervl.backend.jvm.SetLossKernel;
import io.hiervl.config.LossConfig;
import io.hiervl.config.Recipe;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * One of the four parts of the set loss (docs/paper.md 8.2). The first part that is built computes all of them.
 *
 * @param <S> labelled images, or unlabelled ones with pseudo-labels as masks
 */
final class SetTerm<S extends PictureScene<?>> implements Term<S> {
    private final Part part;
    private final Class<S> scene;
    private final Recipe recipe;
    private final ToDoubleFunction<View> factor;

    /** The parts: class cross-entropy, mask BCE, dice, and BCE of rows without target where there is no no-object class. */
    private enum Part {
        CLASS("set_class", SetLosses.Terms::classes), MASK("set_mask", SetLosses.Terms::bce), DICE("set_dice",
            SetLosses.Terms::dice), EMPTY("set_empty", SetLosses.Terms::empty);

        private final String name;
        private final Function<SetLosses.Terms, SDVariable> of;

        Part(String name, Function<SetLosses.Terms, SDVariable> of) {
            this.name = name;
            this.of = of;
        }

        private double weight(Recipe recipe) {
            LossConfig.SetLoss set = recipe.loss().set();
            return switch (this) {
                case CLASS -> set.setClass();
                case MASK -> set.setMask();
                case DICE -> set.setDice();
                case EMPTY -> recipe.model().output().noObject() ? 0 : 1;
            };
        }
    }

    private SetTerm(Part part, Class<S> scene, Recipe recipe, ToDoubleFunction<View> factor) {
        this.part = part;
        this.scene = scene;
        this.recipe = recipe;
        this.factor = factor;
    }

    /** The parts on labelled images. */
    static List<Term<?>> labelled(Recipe recipe) {
        return all(LabelledScene.class, recipe, view -> recipe.loss().labelled().weight());
    }

    /** The parts on unlabelled images; weights 0 unless pseudo-labels serve as masks. */
    static List<Term<?>> unlabelled(Recipe recipe) {
        LossConfig.Consistency self = recipe.loss().consistency();
        return all(UnlabelledScene.class, recipe,
            view -> !recipe.loss().unlabelled().selfTrainSet() ? 0 : view.strong() ? self.strong() : self.feature());
    }

    private static <S extends PictureScene<?>> List<Term<?>> all(Class<S> scene, Recipe recipe, ToDoubleFunction<View> factor) {
        return Arrays.stream(Part.values()).<Term<?>>map(part -> new SetTerm<>(part, scene, recipe, factor)).toList();
    }

    @Override
    public String name() {
        return part.name;
    }

    @Override
    public Class<S> scene() {
        return scene;
    }

    @Override
    public boolean headline() {
        return part != Part.EMPTY && scene == LabelledScene.class;
    }

    @Override
    public double weight(View view, double progress) {
        return factor.applyAsDouble(view) * part.weight(recipe);
    }

    @Override
    public double count(Targets targets) {
        boolean noObject = recipe.model().output().noObject();
        SetTargets.Counts counts = ((PictureTargets) targets).set().counts(noObject ? recipe.loss().set().noObjectWeight() : 0);
        return switch (part) {
            case CLASS -> counts.weights();
            case MASK, DICE -> counts.matched();
            case EMPTY -> counts.empty();
        };
    }

    @Override
    public SDVariable build(S s) {
        return part.of.apply(s.setLosses(recipe));
    }

    /** All parts at every prediction, one op a prediction. */
    static SetLosses.Terms losses(PictureScene<?> scene, Recipe recipe) {
        return new SetLosses(settings(recipe, scene.classes()), recipe.loss().set().deepSup()).build(scene);
    }

    private static SetLossKernel settings(Recipe recipe, int classes) {
        LossConfig.SetLoss set = recipe.loss().set();
        LossConfig.Points points = set.points();
        return new SetLossKernel(classes, recipe.model().queries().levels(), points.perMask(recipe.train().batch().crop()),
            points.oversample(), points.importance(), points.ignoreCandidates(), set.noObjectWeight(), 0);
    }
}
