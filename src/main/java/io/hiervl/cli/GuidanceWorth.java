package io.hiervl.cli;

import io.hiervl.clip.ClipBundle;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.EvalConfig;
import io.hiervl.data.Dataset;
import io.hiervl.data.SplitList;
import io.hiervl.eval.ConfusionMatrix;
import io.hiervl.eval.EvalResult;
import io.hiervl.eval.Evaluator;
import io.hiervl.eval.ImageSegmenter;
import io.hiervl.eval.ListSource;
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
 */
record GuidanceWorth(double clip, double commonest, int photos) {
    private static final int PHOTOS = 12;
    /** A CLIP that guides is ahead of the commonest class by so much: on street photos one that never saw any has 8 against 3. */
    private static final double LEAST_GAIN = 0.1;

    /** Measures on at most twelve photos, spread over the list. */
    static GuidanceWorth measure(ClipBundle clip, Dataset dataset, SplitList labelled, EvalConfig windows, Console console) {
        DatasetSpec spec = dataset.spec();
        int n = Math.min(PHOTOS, labelled.size());
        SplitList some =
            new SplitList(labelled.file(), IntStream.range(0, n).mapToObj(i -> labelled.samples().get(i * labelled.size() / n)).toList(),
                List.of(), List.of());
        List<List<String>> concepts = IntStream.range(0, spec.classes().size()).mapToObj(spec::conceptsOf).toList();
        ImageSegmenter segmenter = new ImageSegmenter(new ZeroShotModel(clip, concepts),
            new ClipNormalize(clip.preprocessing().mean(), clip.preprocessing().std()), windows);
        EvalResult result = new Evaluator(spec.classes()).evaluate(new ListSource(dataset, some), segmenter, console.progress("guidance"));
        return new GuidanceWorth(result.miou(), commonest(result.matrix()), n);
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
