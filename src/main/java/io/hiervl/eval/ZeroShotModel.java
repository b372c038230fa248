package io.hiervl.eval;

import io.hiervl.clip.ClipBundle;
import io.hiervl.clip.ClipEmbedder;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.DensePath;
import io.hiervl.clip.TowerParameters;
import io.hiervl.clip.VisionTower;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Resize;
import io.hiervl.graph.ResizeMatrix;
import io.hiervl.graph.Scope;
import io.hiervl.text.Prompts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The frozen CLIP alone as a segmenter, the way SemiVL guides with it: value-path features, scaled cosines with the
 * concepts of each class, maximum over a class's concepts, bilinear enlargement, softmax over classes. Scores are these
 * probabilities. Not safe for use from several threads.
 */
public final class ZeroShotModel implements WindowModel {
    private static final String PIXELS = "pixels";
    private static final String SCORES = "scores";

    private final ClipWeights weights;
    private final ParameterStore store = new ParameterStore();
    private final INDArray concepts;
    private final int[] classOf;
    private final int classes;
    private final Map<List<Integer>, GraphRunner> runners = new HashMap<>();

    /** @param concepts for each class in index order, the names that describe it; each is put into "a photo of a {}" */
    public ZeroShotModel(ClipBundle clip, List<List<String>> concepts) {
        this.weights = clip.weights();
        this.classes = concepts.size();
        List<String> names = concepts.stream().flatMap(List::stream).toList();
        List<Integer> owners = new ArrayList<>();
        for (int k = 0; k < classes; k++) {
            owners.addAll(java.util.Collections.nCopies(concepts.get(k).size(), k));
        }
        this.classOf = owners.stream().mapToInt(Integer::intValue).toArray();
        this.concepts = embed(clip, names);
        TowerParameters.addVision(store, "vision", weights, TowerParameters.Trained.NONE, weights.architecture().vision().grid(),
            Resize.BICUBIC, DataType.FLOAT);
    }

    /** Unit text embeddings (N,P) of the names in CLIP's template. */
    private static INDArray embed(ClipBundle clip, List<String> names) {
        int context = clip.weights().architecture().text().context();
        int[][] ids = Prompts.fill(Prompts.TEMPLATE, names).stream().map(t -> clip.tokenizer().withSpecials(t, context)).toArray(int[][]::new);
        INDArray e = new ClipEmbedder(clip.weights(), clip.preprocessing().eot()).embedTexts(ids);
        for (int i = 0; i < e.rows(); i++) {
            e.getRow(i).divi(e.getRow(i).norm2Number());
        }
        return e;
    }

    @Override
    public int classes() {
        return classes;
    }

    @Override
    public int sizeMultiple() {
        return weights.architecture().vision().patch();
    }

    @Override
    public float[] scores(float[] chw, int h, int w) {
        int patch = sizeMultiple();
        float[] cosines = conceptScores(Nd4j.create(chw, new long[] {1, 3, h, w}, 'c'));
        int cells = h / patch * (w / patch);
        float[] best = new float[classes * cells];
        Arrays.fill(best, Float.NEGATIVE_INFINITY);
        for (int p = 0; p < cells; p++) {
            for (int n = 0; n < classOf.length; n++) {
                int at = classOf[n] * cells + p;
                best[at] = Math.max(best[at], cosines[p * classOf.length + n]);
            }
        }
        return softmax(enlarge(best, h / patch, w / patch, h, w), h * w);
    }

    /** Scaled cosines (h*w/patch^2, N) of one picture's patches with the concepts. */
    private float[] conceptScores(INDArray pixels) {
        GraphRunner runner = runners.computeIfAbsent(List.of((int) pixels.size(2), (int) pixels.size(3)), k -> build(pixels.shape()));
        try (GraphRunner.Result result = runner.run(Map.of(PIXELS, pixels))) {
            return result.output(SCORES).dup('c').data().asFloat();
        }
    }

    private GraphRunner build(long[] shape) {
        Ops ops = new FusedOps(Graphs.create());
        SDVariable dense = new VisionTower(weights.architecture())
            .apply(new Scope(ops, store, "vision"), ops.placeholder(PIXELS, shape), List.of(), DensePath.VALUE).dense();
        SDVariable cosine = ops.bmm(ops.l2Normalize(dense, 1e-12), ops.constant("concepts", concepts), false, true);
        ops.named(ops.scale(cosine, weights.architecture().logitScale(), 0), SCORES);
        return new GraphRunner(ops.sd(), List.of(SCORES));
    }

    private float[] enlarge(float[] maps, int h, int w, int height, int width) {
        double[][] vertical = ResizeMatrix.of(h, height, Resize.BILINEAR);
        double[][] horizontal = ResizeMatrix.of(w, width, Resize.BILINEAR);
        float[] out = new float[classes * height * width];
        double[] row = new double[w];
        for (int k = 0; k < classes; k++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < w; x++) {
                    row[x] = 0;
                    for (int i = 0; i < h; i++) {
                        row[x] += vertical[y][i] * maps[(k * h + i) * w + x];
                    }
                }
                for (int x = 0; x < width; x++) {
                    double sum = 0;
                    for (int j = 0; j < w; j++) {
                        sum += horizontal[x][j] * row[j];
                    }
                    out[(k * height + y) * width + x] = (float) sum;
                }
            }
        }
        return out;
    }

    private float[] softmax(float[] z, int pixels) {
        for (int p = 0; p < pixels; p++) {
            double max = Double.NEGATIVE_INFINITY;
            for (int k = 0; k < classes; k++) {
                max = Math.max(max, z[k * pixels + p]);
            }
            double sum = 0;
            for (int k = 0; k < classes; k++) {
                sum += Math.exp(z[k * pixels + p] - max);
            }
            for (int k = 0; k < classes; k++) {
                z[k * pixels + p] = (float) (Math.exp(z[k * pixels + p] - max) / sum);
            }
        }
        return z;
    }
}
