package io.hiervl.cli;

import io.hiervl.clip.ClipBundle;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.Recipe;
import io.hiervl.data.Dataset;
import io.hiervl.data.SplitList;
import io.hiervl.eval.ConfusionMatrix;
import io.hiervl.eval.ImageSegmenter;
import io.hiervl.eval.ListSource;
import io.hiervl.eval.SureLabels;
import io.hiervl.eval.ZeroShotModel;
import io.hiervl.image.ClipNormalize;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * What labels of the frozen CLIP are worth, measured on labelled photos.
 *
 * @param clip     mIoU of the frozen CLIP, in [0, 1]
 * @param commonest mIoU of the commonest class everywhere
 * @param photos   photos measured
 * @param hidden   what a threshold hides, a sentence; null if it hides little
 */
record GuidanceWorth(double clip, double commonest, int photos, String hidden) {
    /** Part of the classes that may be hidden without a word. */
    private static final double FEW = 1 / 3.0;
    private static final int PHOTOS = 12;
    /** A CLIP that guides is ahead of the commonest class by so much: on street photos one that never saw any has 8 against 3. */
    private static final double LEAST_GAIN = 0.1;

    /** Measures on at most twelve photos, spread over the list. */
    static GuidanceWorth measure(ClipBundle clip, Dataset dataset, SplitList labelled, Recipe recipe, Console console) {
        DatasetSpec spec = dataset.spec();
        int n = Math.min(PHOTOS, labelled.size());
        SplitList some =
            new SplitList(labelled.file(), IntStream.range(0, n).mapToObj(i -> labelled.samples().get(i * labelled.size() / n)).toList(),
                List.of(), List.of());
        List<List<String>> concepts = IntStream.range(0, spec.classes().size()).mapToObj(spec::conceptsOf).toList();
        ImageSegmenter segmenter = new ImageSegmenter(new ZeroShotModel(clip, concepts),
            new ClipNormalize(clip.preprocessing().mean(), clip.preprocessing().std()), recipe.eval());
        SureLabels result = SureLabels.measure(new ListSource(dataset, some), segmenter, console.progress("guidance"));
        return new GuidanceWorth(result.matrix().meanIou(), commonest(result.matrix()), n,
            hidden(result, recipe.loss().guidance().threshold(), spec.classes()));
    }

    /** A sentence about classes that the frozen CLIP finds and that the threshold of its labels hides; null if they are few. */
    static String hidden(SureLabels labels, double threshold, List<String> classes) {
        List<Integer> hidden = labels.hidden(threshold);
        if (hidden.size() <= FEW * labels.found().size()) {
            return null;
        }
        return String.format(Locale.ROOT,
            "loss.guidance_threshold %s hides %d of the %d classes that the frozen CLIP finds, such as %s: it is "
                + "seldom so sure of them, and training would learn the others in their place; --set loss.guidance_threshold=%s shows them",
            threshold, hidden.size(), labels.found().size(), classes.get(hidden.get(0)), labels.showing(threshold));
    }

    /** mIoU of the commonest true class everywhere. */
    static double commonest(ConfusionMatrix matrix) {
        long most = 0;
        for (int k = 0; k < matrix.classes(); k++) {
            most = Math.max(most, matrix.targets(k));
        }
        return (double) most / Math.max(1, matrix.total()) / matrix.classes();
    }

    /** Whether the CLIP tells hardly more than the commonest class. */
    boolean nothing() {
        return clip < commonest + LEAST_GAIN;
    }

    /** One line for people. */
    String line() {
        return String.format(Locale.ROOT, "guidance: the frozen CLIP has mIoU %.1f on %d labelled photos, the commonest class alone %.1f",
            100 * clip,
            photos, 100 * commonest);
    }

    /** What to do about a CLIP that knows nothing of these photos. */
    String advice() {
        return "this CLIP does not know these classes, so its guidance is worth nothing; give a real CLIP with --clip, "
            + "or better words under concepts in dataset.yaml";
    }
}
