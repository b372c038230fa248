package io.hiervl.clip;

import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import io.hiervl.op.SameDiffOps;
import io.hiervl.tensor.Resize;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Embeds images and texts with this project's own towers. Graphs are built once per input shape. Not safe for several
 * threads.
 */
public final class ClipEmbedder {
    /** Texts of one graph run; more are split. */
    private static final int TEXTS = 64;

    private final ClipWeights weights;
    private final EotRule eot;
    private final Function<SameDiff, Ops> ops;
    private final ParameterStore store = new ParameterStore();
    private final Map<String, Function<Map<String, INDArray>, INDArray>> runners = new HashMap<>();

    /** An embedder with this project's own ops. */
    public ClipEmbedder(ClipWeights weights, EotRule eot) {
        this(weights, eot, sd -> new FusedOps(sd, DataType.FLOAT));
    }

    /** @param ops how the layers are computed, for a fresh graph */
    ClipEmbedder(ClipWeights weights, EotRule eot, Function<SameDiff, Ops> ops) {
        SameDiffOps.start();
        this.weights = weights;
        this.eot = eot;
        this.ops = ops;
        TowerParameters.addVision(store, "vision", weights, TowerParameters.Trained.NONE,
            weights.architecture().vision().grid(), Resize.BICUBIC, DataType.FLOAT);
        TowerParameters.addText(store, "text", weights, DataType.FLOAT);
    }

    /**
     * @param pixels normalised images (B,3,H,W) whose sides the patch divides; positions are resized where they differ
     *               from the tower's own size
     * @return (B,P), not normalised
     */
    public INDArray embedImages(INDArray pixels) {
        long[] s = pixels.shape();
        Function<Map<String, INDArray>, INDArray> runner = runners.computeIfAbsent("image" + Arrays.toString(s), k -> {
            Ops o = ops.apply(Graphs.create());
            SDVariable in = o.placeholder("pixels", s);
            SDVariable out = new VisionTower(weights.architecture())
                .apply(new Scope(o, store, "vision"), in, List.of(), DensePath.NONE).raw();
            return runner(o, out);
        });
        return runner.apply(Map.of("pixels", pixels));
    }

    /**
     * @param ids start token, text, end token of each text, of any lengths
     * @return (texts,P), not normalised
     */
    public INDArray embedTexts(int[][] ids) {
        INDArray out = Nd4j.create(DataType.FLOAT, ids.length, weights.architecture().projection());
        for (int from = 0; from < ids.length; from += TEXTS) {
            INDArray part = textBatch(Arrays.copyOfRange(ids, from, Math.min(ids.length, from + TEXTS)));
            for (int i = 0; i < part.rows(); i++) {
                out.putRow(from + i, part.getRow(i));
            }
        }
        return out;
    }

    private INDArray textBatch(int[][] ids) {
        TextTower.Tokens tokens = TextTower.Tokens.of(ids, eot);
        INDArray embeddings = tokens.embeddings(weights.get("text.token_embedding"));
        INDArray selector = tokens.endSelector(0, DataType.FLOAT);
        Function<Map<String, INDArray>, INDArray> runner = runners.computeIfAbsent("text" + Arrays.toString(embeddings.shape()), k -> {
            Ops o = ops.apply(Graphs.create());
            SDVariable in = o.placeholder("tokens", embeddings.shape());
            SDVariable end = o.placeholder("end", selector.shape());
            SDVariable out = new TextTower(weights.architecture()).apply(new Scope(o, store, "text"), in, null, end).raw();
            return runner(o, out);
        });
        return runner.apply(Map.of("tokens", embeddings, "end", selector));
    }

    /** ND4J's own ops include kinds that the graph runner does not take; SameDiff runs those graphs. */
    private static Function<Map<String, INDArray>, INDArray> runner(Ops o, SDVariable out) {
        String name = o.named(out, "embedding").name();
        if (!(o instanceof FusedOps fused)) {
            return inputs -> o.sd().output(inputs, name).get(name);
        }
        GraphRunner runner = fused.runner(List.of(name));
        return inputs -> {
            try (GraphRunner.Result result = runner.run(inputs)) {
                return result.output(name).dup('c');
            }
        };
    }
}
