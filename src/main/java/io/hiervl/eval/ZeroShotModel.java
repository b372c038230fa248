package io.hiervl.eval;

import io.hiervl.MemoryLimits;
import io.hiervl.clip.ClipBundle;
import io.hiervl.clip.ClipEmbedder;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.DensePath;
import io.hiervl.clip.TowerParameters;
import io.hiervl.clip.VisionTower;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import io.hiervl.loss.GuidanceLabels;
import io.hiervl.tensor.Resize;
import io.hiervl.text.Prompts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The frozen CLIP alone as a segmenter, the way it guides the training: value-path features, then the distribution over
 * classes of {@link GuidanceLabels}. Scores are these probabilities. Not safe for use from several threads.
 */
public final class ZeroShotModel implements WindowModel {
    private static final String PIXELS = "pixels";
    private static final String COSINES = "cosines";

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

    /** Text embeddings (N,P) of the names in CLIP's template. */
    private static INDArray embed(ClipBundle clip, List<String> names) {
        int context = clip.weights().architecture().text().context();
        int[][] ids =
            Prompts.fill(Prompts.TEMPLATE, names).stream().map(t -> clip.tokenizer().withSpecials(t, context)).toArray(int[][]::new);
        return new ClipEmbedder(clip.weights(), clip.preprocessing().eot()).embedTexts(ids);
    }

    @Override
    public int classes() {
        return classes;
    }

    @Override
    public int sizeMultiple() {
        return weights.architecture().vision().patch();
    }

    /** Text embeddings (N,P) of all names, class after class, in CLIP's template; any length. */
    public INDArray embeddings() {
        return concepts;
    }

    /** Cosines (patches, N) of a normalised window with all names, times CLIP's logit scale; patches in rows from the top. */
    public float[] cosines(float[] chw, int h, int w) {
        GraphRunner runner = runners.computeIfAbsent(List.of(h, w), k -> build(h, w));
        INDArray pixels = Nd4j.create(chw, new long[] {1, 3, h, w}, 'c');
        try (GraphRunner.Result result = runner.run(Map.of(PIXELS, pixels))) {
            return result.output(COSINES).dup('c').data().asFloat();
        }
    }

    @Override
    public float[] scores(float[] chw, int h, int w) {
        int patch = sizeMultiple();
        GraphRunner runner = runners.computeIfAbsent(List.of(h, w), k -> build(h, w));
        INDArray pixels = Nd4j.create(chw, new long[] {1, 3, h, w}, 'c');
        try (GraphRunner.Result result = runner.run(Map.of(PIXELS, pixels))) {
            INDArray cells = GuidanceLabels.classScores(result.output(COSINES), classOf, classes, h / patch, w / patch);
            return GuidanceLabels.distribution(cells, h, w).data().asFloat();
        }
    }

    private GraphRunner build(int h, int w) {
        double patches = (double) h * w / (sizeMultiple() * sizeMultiple());
        double hidden = patches * Math.max(weights.architecture().vision().mlp(), concepts.size(0));
        MemoryLimits.require("the frozen CLIP on " + w + "x" + h + " pixels",
            Float.BYTES * (3.0 * h * w + hidden + 4 * patches * weights.architecture().vision().width()), Math.max(hidden, 3.0 * h * w),
            "eval.crop (--crop)");
        FusedOps ops = new FusedOps(Graphs.create());
        SDVariable dense = new VisionTower(weights.architecture())
            .apply(new Scope(ops, store, "vision"), ops.placeholder(PIXELS, 1, 3, h, w), List.of(), DensePath.VALUE).dense();
        ops.named(GuidanceLabels.cosines(ops, dense, ops.constant("concepts", concepts), weights.architecture().logitScale()), COSINES);
        return ops.runner(List.of(COSINES));
    }
}
