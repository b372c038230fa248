package io.hiervl.clip;

import io.hiervl.ProcessTrial;
import io.hiervl.Progress;
import io.hiervl.onnx.OnnxModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Compares the imported towers with ONNX Runtime on the same files. */
public final class ClipCheck {
    private static final int IMAGES = 2;
    private static final List<String> TEXTS = List.of("a photo of a cat",
        "two dogs playing in the snow next to a red bicycle!", "sky");

    private static final long SECONDS = 300;

    private ClipCheck() {
    }

    /** The trial: ONNX Runtime on both towers of the folder that is named. */
    public static void main(String[] args) {
        ProcessTrial.perform(() -> {
            ClipBundle bundle = ClipBundle.open(Path.of(args[0]));
            int side = bundle.weights().architecture().vision().image();
            int[][] ids = ids(bundle, new Random(1));
            bundle.weights().arrays().values().stream().filter(INDArray::closeable).forEach(INDArray::close);
            try (OrtTower ort = OrtTower.images(bundle, OnnxModel.read(bundle.visionFile()))) {
                ort.embedImages(new float[IMAGES * 3 * side * side], IMAGES);
            }
            try (OrtTower ort = OrtTower.texts(bundle, OnnxModel.read(bundle.textFile()))) {
                ort.embedTexts(ids);
            }
        });
    }

    /**
     * @param visionMaxAbsDiff largest difference of an image embedding value
     * @param textMaxAbsDiff   the same of text embeddings
     * @param visionScale      largest value of the compared image embeddings, to judge the difference by
     * @param textScale        the same of text embeddings
     * @param normalised       whether the file gives unit vectors, so that ours were normalised for the comparison
     * @param recognised       what the files turned out to be
     * @param assumed          {@link ClipBundle#assumed}
     */
    public record Result(double visionMaxAbsDiff, double textMaxAbsDiff, double visionScale, double textScale,
        boolean normalised, ClipArchitecture recognised, List<String> assumed) {
        /**
         * Whether rounding explains the differences. Half precision files round the constants of the graph too (1.702, the
         * scale of attention), ours are exact.
         */
        public boolean agrees() {
            double relative = switch (recognised.source().dtype()) {
                case "float16" -> 1e-3;
                case "bfloat16" -> 1e-2;
                default -> 1e-4;
            };
            return visionMaxAbsDiff <= relative * visionScale && textMaxAbsDiff <= relative * textScale;
        }
    }

    /**
     * Reads a folder and compares. The weights are given back before ONNX Runtime reads the files, so that two copies of
     * them never lie in memory.
     *
     * @throws io.hiervl.HierVlException exit code 4 if the folder is no CLIP or ONNX Runtime cannot run it
     */
    public static Result run(Path folder, Progress progress) {
        progress.update(0, 3, "reading " + folder);
        // Files of strangers: a crash of ONNX Runtime ends that process and not this one.
        ProcessTrial.require(ClipCheck.class, folder, SECONDS, "ONNX Runtime, run once for a trial,", true);
        ClipBundle bundle = ClipBundle.open(folder);
        return run(bundle, progress,
            () -> bundle.weights().arrays().values().stream().filter(INDArray::closeable).forEach(INDArray::close));
    }

    /** The same for an opened bundle, which stays as it is: fixed random images, and three texts (random ids without a tokenizer). */
    public static Result run(ClipBundle bundle, Progress progress) {
        return run(bundle, progress, () -> {});
    }

    private static Result run(ClipBundle bundle, Progress progress, Runnable release) {
        ClipArchitecture arch = bundle.weights().architecture();
        int side = arch.vision().image();
        Random random = new Random(20250613);
        float[] pixels = new float[IMAGES * 3 * side * side];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextGaussian();
        }
        int[][] ids = ids(bundle, random);
        progress.update(1, 3, "our towers");
        ClipEmbedder embedder = new ClipEmbedder(bundle.weights(), bundle.preprocessing().eot());
        INDArray ourImages = embedder.embedImages(Nd4j.createFromArray(pixels).reshape('c', IMAGES, 3, side, side));
        INDArray ourTexts = embedder.embedTexts(ids);
        release.run();
        progress.update(2, 3, "ONNX Runtime");
        double[] vision;
        OnnxModel model = OnnxModel.read(bundle.visionFile());
        try (OrtTower ort = OrtTower.images(bundle, model)) {
            vision = compare(ourImages, ort.embedImages(pixels, IMAGES));
        }
        double[] text;
        model = bundle.textFile().equals(bundle.visionFile()) ? model : OnnxModel.read(bundle.textFile());
        try (OrtTower ort = OrtTower.texts(bundle, model)) {
            text = compare(ourTexts, ort.embedTexts(ids));
        }
        progress.update(3, 3, "done");
        return new Result(vision[0], text[0], vision[1], text[1], vision[2] > 0, arch, bundle.assumed());
    }

    private static int[][] ids(ClipBundle bundle, Random random) {
        ClipArchitecture.Text t = bundle.weights().architecture().text();
        List<int[]> out = new ArrayList<>();
        if (bundle.tokenizerOrNull() != null) {
            TEXTS.forEach(s -> out.add(bundle.tokenizerOrNull().withSpecials(s, t.context())));
        } else {
            // The end token is the highest id, or the one that the graph looks for; padding must not be it.
            int end = bundle.preprocessing().eot().firstOf() < 0 ? t.vocab() - 1 : bundle.preprocessing().eot().firstOf();
            for (int n : new int[] {5, 9, t.context()}) {
                int[] row = new int[Math.min(n, t.context())];
                for (int i = 0; i < row.length; i++) {
                    row[i] = 1 + random.nextInt(Math.max(1, t.vocab() / 2));
                }
                row[row.length - 1] = end;
                out.add(row);
            }
        }
        return out.toArray(int[][]::new);
    }

    /** @return largest difference, largest value, 1 if the other rows are unit vectors */
    private static double[] compare(INDArray ours, float[][] other) {
        boolean unit = true;
        for (float[] row : other) {
            unit &= Math.abs(norm(row) - 1) < 1e-3;
        }
        double diff = 0;
        double scale = 0;
        for (int i = 0; i < other.length; i++) {
            float[] row = ours.getRow(i).dup().data().asFloat();
            double n = unit ? norm(row) : 1;
            for (int j = 0; j < row.length; j++) {
                double d = Math.abs(row[j] / n - other[i][j]);
                // A NaN on either side must not pass as agreement.
                diff = Double.isNaN(d) ? Double.POSITIVE_INFINITY : Math.max(diff, d);
                scale = Math.max(scale, Math.abs(other[i][j]));
            }
        }
        return new double[] {diff, scale, unit ? 1 : 0};
    }

    private static double norm(float[] row) {
        double sum = 0;
        for (float v : row) {
            sum += (double) v * v;
        }
        return Math.sqrt(sum);
    }
}
