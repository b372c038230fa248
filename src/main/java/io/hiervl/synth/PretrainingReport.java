package io.hiervl.synth;

import io.hiervl.Progress;
import io.hiervl.clip.ClipBundle;
import io.hiervl.clip.ClipEmbedder;
import io.hiervl.config.EvalConfig;
import io.hiervl.eval.EvalSource;
import io.hiervl.eval.GuidanceAccuracy;
import io.hiervl.eval.ImageSegmenter;
import io.hiervl.eval.SlidingWindow;
import io.hiervl.eval.ZeroShotModel;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import java.util.List;
import java.util.Locale;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a CLIP of this world knows before any segmentation training.
 *
 * @param classes        number of classes that are things
 * @param classification share of crops with one thing whose class is found among these by its sentence
 * @param all            pixel labels over the validation scenes
 * @param guidance       the same above the probability 0.9
 */
public record PretrainingReport(int classes, double classification, GuidanceAccuracy all, GuidanceAccuracy guidance) {
    private static final long SEED = 99;
    private static final int CROPS = 300;
    /** The threshold of SemiVL's guidance. */
    private static final double THRESHOLD = 0.9;

    /** Measures a bundle on crops and on the validation scenes of the data set with this seed. */
    public static PretrainingReport measure(World world, ClipBundle clip, long datasetSeed, Progress progress) {
        ZeroShotModel model = new ZeroShotModel(clip, List.copyOf(world.concepts().values()));
        int side = SceneRenderer.SIDE;
        ImageSegmenter segmenter = new ImageSegmenter(model, new ClipNormalize(clip.preprocessing().mean(), clip.preprocessing().std()),
            new SlidingWindow(EvalConfig.Window.WHOLE, side, side), 0);
        GuidanceAccuracy[] g =
            GuidanceAccuracy.measure(new Validation(new SynthDataset(world, datasetSeed)), segmenter, progress, 0, THRESHOLD);
        return new PretrainingReport(world.classes().size() - 1, classification(world, clip), g[0], g[1]);
    }

    /** The measures in sentences. */
    public List<String> lines() {
        return List.of(String.format(Locale.ROOT, "zero-shot classification of crops, %d classes: %.3f", classes, classification),
            line(all),
            line(guidance));
    }

    private static String line(GuidanceAccuracy g) {
        return String.format(Locale.ROOT, "labels of the validation scenes with probability >= %.1f: %.1f %% of the "
            + "pixels, right %.3f (things %.3f, background %.3f), mIoU %.1f",
            g.threshold(), 100 * g.kept(), g.accuracy(), g.foreground(), g.background(), 100 * g.miou());
    }

    private static double classification(World world, ClipBundle clip) {
        int n = clip.weights().architecture().vision().image();
        List<String> names = world.classes().subList(1, world.classes().size());
        int context = clip.weights().architecture().text().context();
        ClipEmbedder embedder = new ClipEmbedder(clip.weights(), clip.preprocessing().eot());
        INDArray texts = unit(embedder
            .embedTexts(names.stream().map(c -> clip.tokenizer().withSpecials("a photo of a " + c, context)).toArray(int[][]::new)));
        SceneRenderer renderer = world.crops(n, world.layout().crowd() ? world.layout().minRadius() : 9,
            world.layout().crowd() ? world.layout().maxRadius() : 0.5 * n);
        Rng rng = new Rng(SEED);
        byte[][] crops = new byte[CROPS][];
        int[] truth = new int[CROPS];
        for (int i = 0; i < CROPS;) {
            Scene scene = renderer.render(rng, world.layout().crowd() ? 3 : 1);
            truth[i] = world.classOf(scene.things().get(0).colour(), scene.things().get(0).texture());
            if (truth[i] > 0) {
                crops[i++] = scene.rgb();
            }
        }
        INDArray cosines = unit(embedder.embedImages(Batches.images(crops, new boolean[CROPS], n))).mmul(texts.transpose());
        int right = 0;
        for (int i = 0; i < CROPS; i++) {
            right += cosines.getRow(i).argMax().getInt(0) + 1 == truth[i] ? 1 : 0;
        }
        return (double) right / CROPS;
    }

    private static INDArray unit(INDArray rows) {
        return rows.divColumnVector(rows.norm2(1));
    }

    /** The validation scenes without the detour over files. */
    private record Validation(SynthDataset data) implements EvalSource {
        @Override
        public int size() {
            return SynthDataset.VALIDATION;
        }

        @Override
        public String name(int i) {
            return "validation scene " + i;
        }

        private Scene scene(int i) {
            return data.scene(data.firstValidation() + i);
        }

        @Override
        public Photo photo(int i) {
            return new Photo(scene(i).rgb(), scene(i).size(), scene(i).size());
        }

        @Override
        public LabelMap labels(int i) {
            return LabelMap.of(data.masks(scene(i)), scene(i).size(), scene(i).size());
        }
    }
}
