package io.hiervl.config;

import io.hiervl.HierVlException;
import io.hiervl.PublicApi;

/**
 * Everything that decides a training run. Safe for several threads.
 *
 * @param name        for tables and reports
 * @param source      what it is trained on
 * @param guidance    text that the frozen CLIP compares pixels with
 * @param model       the network
 * @param loss        the losses
 * @param augment     random changes of training images
 * @param train       optimiser, schedule, batches
 * @param eval        how whole images are segmented
 */
@PublicApi
public record Recipe(String name, @Group Source source, Guidance guidance, ModelConfig model, LossConfig loss, AugmentationConfig augment,
    TrainConfig train, EvalConfig eval) {

    /**
     * What a recipe is trained on.
     *
     * @param dataset folder with dataset.yaml; null: given on the command line
     * @param clip    folder of the CLIP bundle; null: given on the command line
     * @param split   split of the data set whose lists are used; null: the data set's own lists
     * @param paper   what the paper reports on the split; null: nothing
     */
    public record Source(@Nullable String dataset, @Nullable String clip, @Nullable String split, @Nullable Published paper) {
    }

    /** The data set's concepts (several names per class, maximum over them), or the class names alone. */
    public enum Guidance {
        CONCEPTS, NAMES
    }

    public Recipe {
        Check.that(model.gate().mode() != ModelConfig.GateMode.NONE || loss.gate().weight() == 0,
            "loss.gate is " + loss.gate().weight() + ", but model.gate_mode: none leaves nothing to train; set loss.gate to 0");
        Check.that(train.batch().towerCache() == 0
            || model.tower().trainable() == ModelConfig.Trainable.NONE && model.clip().visualPromptTokens() == 0,
            "train.tower_cache is " + train.batch().towerCache() + ", but only an image tower that never changes has outputs to keep; set "
                + "model.trainable to none and model.visual_prompt_tokens to 0");
    }

    /** The recipe as YAML text that {@link Recipes#load} reads back to an equal recipe. */
    public String toYaml() {
        return RecordWriter.write(this);
    }

    /** Fails unless another recipe has the same network, so that weights of one fit the other. */
    public void requireSameModel(Recipe other, String what) {
        if (!model.equals(other.model)) {
            throw HierVlException
                .config(what + " was made with another model configuration: " + RecordDifference.describe(other.model, model, "model"));
        }
    }

    /** This recipe with another one's length, rhythm of checkpoints, evaluations and rows, and its folders: with them a run may go on. */
    public Recipe recordedAs(Recipe other) {
        TrainConfig as =
            new TrainConfig(train.method(), other.train.length(), train.batch(), train.seed(), train.deterministic(), train.optimiser(),
                train.ema(),
                other.train.every());
        Source folders = new Source(other.source.dataset(), other.source.clip(), source.split(), source.paper());
        return new Recipe(name, folders, guidance, model, loss, augment, as, eval);
    }

    /** The settings in which two recipes differ, one per line, empty if none. */
    public String differenceFrom(Recipe other) {
        return RecordDifference.describe(other, this, "");
    }
}
