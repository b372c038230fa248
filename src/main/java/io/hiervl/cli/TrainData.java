package io.hiervl.cli;

import io.hiervl.config.Published;
import io.hiervl.config.Recipe;
import io.hiervl.config.Recipes;
import io.hiervl.config.TrainConfig;
import io.hiervl.data.Dataset;
import io.hiervl.data.HeaderCheck;
import io.hiervl.data.ListFiles;
import io.hiervl.data.Preflight;
import io.hiervl.data.SplitList;
import io.hiervl.eval.ListSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A recipe together with the data it trains on.
 *
 * @param recipe     settings, those that follow from the data set included
 * @param labelled   labelled images
 * @param unlabelled unlabelled images, null for supervised training
 * @param validation images to measure on, null if there are none
 */
public record TrainData(Recipe recipe, Dataset dataset, SplitList labelled, SplitList unlabelled, ListSource validation) {

    /** The recipe whose settings are planned. */
    static final String PHOTOS = "photos";

    /** Most time for headers before training: thousands of files. */
    private static final Duration LOOK = Duration.ofSeconds(10);

    /**
     * Lists and folder named on the command line; what is null comes from recipe and data set.
     *
     * @param splits folder of the splits
     */
    public record Choice(Path data, Path splits, Path labeled, Path unlabeled, Path val) {
    }

    /** @param name of a recipe, or its file */
    public static TrainData open(String name, List<String> settings, Choice choice, Console console) {
        Recipe plain = Recipes.load(name, settings);
        Dataset dataset =
            Dataset.open(TrainCommand.folder(choice.data, plain.source().dataset(), "--data", "data set"), console.progress("labels"));
        ListFiles files = new ListFiles(dataset, plain.source().split(), choice.splits);
        boolean alone = name.equals(PHOTOS) && choice.unlabeled == null && files.find("unlabeled") == null;
        Recipe recipe =
            Recipes.forData(alone ? Recipes.load(name, with(settings, List.of("train.method=supervised"))) : plain, dataset.spec());
        SplitList labelled = dataset.list(choice.labeled == null ? files.require("labeled") : choice.labeled);
        boolean semi = recipe.train().method() != TrainConfig.Method.SUPERVISED;
        SplitList unlabelled = !semi ? null : dataset.list(choice.unlabeled == null ? files.require("unlabeled") : choice.unlabeled);
        Path val = choice.val == null ? files.find("val") : choice.val;
        TrainData result = new TrainData(recipe, dataset, dataset.requireMasks(labelled), unlabelled,
            val == null ? null : new ListSource(dataset, dataset.list(val)));
        Preflight.requireFiles(dataset, result.lists());
        String left = HeaderCheck.run(dataset, result.lists(), LOOK);
        if (left != null) {
            console.note(left);
        }
        Preflight.overlaps(result.lists()).forEach(console::note);
        result.compare(console);
        return result;
    }

    /** The same data with other settings of the recipe. */
    TrainData with(String name, List<String> settings) {
        List<String> all =
            recipe.train().method() == TrainConfig.Method.SUPERVISED ? with(settings, List.of("train.method=supervised")) : settings;
        return new TrainData(Recipes.forData(Recipes.load(name, all), dataset.spec()), dataset, labelled, unlabelled, validation);
    }

    /** Settings one after the other; later ones win. */
    public static List<String> with(List<String> first, List<String> then) {
        List<String> all = new ArrayList<>(first);
        all.addAll(then);
        return all;
    }

    private Map<String, SplitList> lists() {
        Map<String, SplitList> lists = new LinkedHashMap<>(Map.of("labeled", labelled));
        if (unlabelled != null) {
            lists.put("unlabeled", unlabelled);
        }
        if (validation != null) {
            lists.put("val", validation.list());
        }
        return lists;
    }

    /** Says what the paper reports for this recipe, and whether these are its lists. */
    private void compare(Console console) {
        Published paper = recipe.source().paper();
        if (paper == null) {
            return;
        }
        console.note(
            String.format(Locale.ROOT, "%s: %d labelled images, %s, %d steps; the paper reports mIoU %.1f for %d + %d images and %d steps",
                recipe.name(), labelled.size(), unlabelled == null ? "supervised" : unlabelled.size() + " unlabelled",
                recipe.train().stepsFor(unlabelled == null ? labelled.size() : unlabelled.size()), paper.miou(), paper.labelled(),
                paper.unlabelled(), paper.steps()));
        if (!labelled.fingerprint().equals(paper.list()) || unlabelled != null && unlabelled.size() != paper.unlabelled()) {
            console.note("these are not the published lists, so the paper's number is not comparable");
        }
    }
}
