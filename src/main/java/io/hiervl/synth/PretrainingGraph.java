package io.hiervl.synth;

import io.hiervl.clip.ClipArchitecture;
import io.hiervl.clip.DensePath;
import io.hiervl.clip.TextTower;
import io.hiervl.clip.VisionTower;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The graph of one pre-training step: both towers, the phrase embeddings and the loss. */
final class PretrainingGraph {
    static final String SCALE = "logit_scale";
    /** The parameter is the factor on cosines in this unit, so that the optimiser moves it at a useful speed. */
    static final double SCALE_UNIT = 30;

    private final GraphRunner runner;

    /**
     * @param words   longest sentence, start and end included
     * @param phrases number of phrases
     * @param phraseWords longest phrase, start and end included
     */
    PretrainingGraph(FusedOps ops, ParameterStore store, ClipArchitecture clip, PretrainingSettings s, int words, int phrases,
                     int phraseWords) {
        Scope root = new Scope(ops, store, "");
        VisionTower.Output image = new VisionTower(clip).apply(root.at("vision"),
            ops.placeholder("images", s.batch(), 3, s.crop(), s.crop()), List.of(), DensePath.VALUE);
        SDVariable texts = text(root, clip, "captions", s.batch(), words);
        SDVariable names = text(root, clip, "phrases", phrases, phraseWords);
        SDVariable scale = ops.scale(root.get(SCALE), SCALE_UNIT, 0);
        ContrastiveLoss loss = new ContrastiveLoss(ops);
        SDVariable pairs =
            ops.named(loss.contrastive(image.normalised(), texts, ops.placeholder("same", s.batch(), s.batch()), scale), "pair_loss");
        SDVariable dense =
            loss.phrases(ops.l2Normalize(image.dense(), 1e-12), names, ops.placeholder("present", s.batch(), phrases), scale);
        dense = ops.named(dense, "phrase_loss");
        ops.named(ops.add(pairs, ops.scale(dense, s.phraseWeight(), 0)), "loss");
        List<String> trained = store.all().stream().map(ParameterStore.Parameter::name).toList();
        this.runner = ops.runner(List.of("loss", "pair_loss", "phrase_loss"), "loss", trained);
    }

    /** One-hot token rows go through the trained table; the end token's state is picked by a selector. */
    private static SDVariable text(Scope root, ClipArchitecture clip, String name, int rows, int length) {
        Ops ops = root.ops();
        SDVariable oneHot = ops.placeholder(name, rows, length, clip.text().vocab());
        SDVariable x = ops.bmm(oneHot, root.get("text.token_embedding"), false, false);
        return new TextTower(clip).apply(root.at("text"), x, null, ops.placeholder(name + "_end", rows, 1, length)).normalised();
    }

    GraphRunner.Result run(Map<String, INDArray> inputs) {
        return runner.run(inputs);
    }
}
