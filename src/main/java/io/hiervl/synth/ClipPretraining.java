package io.hiervl.synth;

import io.hiervl.HierVlException;
import io.hiervl.OffHeap;
import io.hiervl.Progress;
import io.hiervl.clip.Activation;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.ClipWeights;
import io.hiervl.clip.RandomClip;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.ParameterStore.Group;
import io.hiervl.op.SameDiffOps;
import io.hiervl.optim.AdamW;
import io.hiervl.optim.GlobalNormClip;
import io.hiervl.text.BpeTokenizer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Contrastive pre-training of a tiny CLIP on rendered crops and their captions, as CLIP was trained on photos: no label
 * map is ever looked at. The recipe comes from experiments in which a pure image-level loss gave guidance with a poor
 * foreground; {@link ContrastiveLoss#phrases} mended that.
 */
final class ClipPretraining {
    /** Sizes of {@code graphs/tiny-clip}: width 64, patch 8, joint space 64. */
    static ClipArchitecture architecture(int crop, int vocabulary, double logitScale) {
        return new ClipArchitecture(new ClipArchitecture.Vision(64, 4, 4, 8, crop, 256),
            new ClipArchitecture.Text(64, 2, 4, 32, vocabulary, 256), 64, Activation.QUICK_GELU, 1e-5, logitScale,
            new ClipArchitecture.Source("hf-split", "hiervl", 17, "float32"));
    }

    private static final double FIRST_SCALE = 1 / 0.07;
    private static final double MAX_SCALE = 100;
    /** Spread of the class embedding, wide enough to tell it from the patches from the start. */
    private static final double CLASS_SPREAD = 0.2;

    private final PretrainingSettings settings;
    private final BpeTokenizer tokenizer;
    private final Function<SameDiff, FusedOps> vocabulary;
    private final ParameterStore store = new ParameterStore();
    private final ClipArchitecture clip;

    /**
     * @param tokenizer  with a token for each of {@link Vocabulary#words}
     * @param vocabulary makes the ops that a graph is written with
     */
    ClipPretraining(PretrainingSettings settings, BpeTokenizer tokenizer, Function<SameDiff, FusedOps> vocabulary) {
        SameDiffOps.start();
        this.settings = settings;
        this.tokenizer = tokenizer;
        this.vocabulary = vocabulary;
        this.clip = architecture(settings.crop(), tokenizer.size(), FIRST_SCALE);
        ClipWeights start = RandomClip.weights(clip, new Random(settings.seed()));
        start.arrays().forEach((name, array) -> {
            INDArray value = array.dup('c');
            if (name.equals("vision.class_embedding")) {
                value.muli(CLASS_SPREAD / value.stdNumber().doubleValue());
            }
            store.add(name, value, Group.NEW, true);
        });
        store.add(PretrainingGraph.SCALE, Nd4j.create(new float[] {(float) (FIRST_SCALE / PretrainingGraph.SCALE_UNIT)}), Group.NEW, false);
    }

    /** Losses of a step, and the factor on cosines. */
    record Losses(double total, double pairs, double phrases, double scale) {
    }

    /**
     * Trains and returns the weights.
     *
     * @throws HierVlException exit code 5 if a loss is not a number
     */
    ClipWeights run(Progress progress) {
        Pairs pairs = Pairs.generate(settings.pairs(), settings.crop(), settings.seed() + 1, progress);
        Batches batches = new Batches(pairs, tokenizer, settings, clip);
        FusedOps ops = vocabulary.apply(Graphs.create());
        PretrainingGraph graph =
            new PretrainingGraph(ops, store, clip, settings, batches.words(), Vocabulary.phrases().size(), batches.phraseWords());
        AdamW optimiser = new AdamW(0.9, 0.98, 1e-8);
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        store.all().forEach(p -> arrays.put(p.name(), p.array()));
        Losses mean = null;
        for (int t = 0; t < settings.steps(); t++) {
            Losses l = step(graph, batches.next(), optimiser, arrays, t);
            double w = mean == null ? 1 : 0.05;
            mean = mean == null ? l
                : new Losses(blend(mean.total, l.total, w), blend(mean.pairs, l.pairs, w), blend(mean.phrases, l.phrases, w), l.scale);
            OffHeap.tidy();
            progress.update(t + 1L, settings.steps(), String.format(Locale.ROOT, "loss %.3f (pairs %.3f, phrases %.3f), scale %.1f",
                mean.total, mean.pairs, mean.phrases, l.scale));
        }
        return weights();
    }

    private static double blend(double old, double fresh, double weight) {
        return old + weight * (fresh - old);
    }

    private Losses step(PretrainingGraph graph, Map<String, INDArray> inputs, AdamW optimiser, Map<String, INDArray> arrays, int t) {
        Losses losses;
        try (GraphRunner.Result result = graph.run(inputs)) {
            losses = new Losses(result.scalar("loss"), result.scalar("pair_loss"), result.scalar("phrase_loss"), scale());
            if (!Double.isFinite(losses.total)) {
                throw HierVlException.diverged("pre-training diverged in step " + (t + 1) + ": " + losses);
            }
            Map<String, INDArray> gradients = new HashMap<>();
            store.all().forEach(p -> {
                INDArray g = result.gradient(p.name());
                if (g != null) {
                    gradients.put(p.name(), g);
                }
            });
            GlobalNormClip.clip(gradients, settings.clip());
            double rate = settings.learningRate() * settings.schedule(t) + 1e-6;
            optimiser.step(arrays, gradients, name -> rate, name -> store.get(name).decay() ? settings.weightDecay() : 0);
        }
        INDArray scale = store.get(PretrainingGraph.SCALE).array();
        scale.putScalar(0, Math.min(MAX_SCALE / PretrainingGraph.SCALE_UNIT, scale.getDouble(0)));
        return losses;
    }

    private double scale() {
        return store.get(PretrainingGraph.SCALE).array().getDouble(0) * PretrainingGraph.SCALE_UNIT;
    }

    /** The present weights, as copies. */
    ClipWeights weights() {
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        for (ParameterStore.Parameter p : store.all()) {
            if (!p.name().equals(PretrainingGraph.SCALE)) {
                arrays.put(p.name(), p.array().dup('c'));
            }
        }
        return new ClipWeights(architecture(settings.crop(), tokenizer.size(), scale()), arrays);
    }
}
