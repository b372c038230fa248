package io.hiervl.train;

import io.hiervl.clip.ClipBundle;
import io.hiervl.clip.DensePath;
import io.hiervl.clip.VisionTower;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The frozen CLIP image tower, inference only. It gives two things: concept scores on the value path, from which guidance
 * labels are made (SemiVL), and reference features for equation 6. Its parameters stand in the store under
 * {@code frozen.vision}.
 */
final class FrozenGraph {
    static final String PREFIX = "frozen.vision";
    private static final String IMAGES = "images";
    private static final double EPS = 1e-12;

    private final ParameterStore store;
    private final VisionTower tower;
    private final INDArray concepts;
    private final double scale;
    private final Map<String, GraphRunner> runners = new HashMap<>();

    /**
     * @param concepts (N,C), unit rows: text embeddings of all concepts
     */
    FrozenGraph(ParameterStore store, ClipBundle clip, INDArray concepts) {
        this.store = store;
        this.tower = new VisionTower(clip.weights().architecture());
        this.concepts = concepts;
        this.scale = clip.weights().architecture().logitScale();
    }

    /** Scaled cosines of every patch with every concept. images (B,3,H,W); returns (B,h*w,N). */
    INDArray conceptScores(INDArray images) {
        return run(images, true, DensePath.VALUE);
    }

    /** Dense embeddings, unit length. images (B,3,H,W); returns (B,h*w,C). */
    INDArray reference(INDArray images, DensePath path) {
        return run(images, false, path);
    }

    private INDArray run(INDArray images, boolean scores, DensePath path) {
        String key = scores + " " + path + Arrays.toString(images.shape());
        GraphRunner runner = runner(key, () -> build(images.shape(), scores, path));
        try (GraphRunner.Result r = runner.run(Map.of(IMAGES, images))) {
            return r.output("result").dup('c');
        }
    }

    private synchronized GraphRunner runner(String key, Supplier<GraphRunner> build) {
        return runners.computeIfAbsent(key, k -> build.get());
    }

    private GraphRunner build(long[] shape, boolean scores, DensePath path) {
        Ops ops = new FusedOps(Graphs.create(), concepts.dataType());
        SDVariable x = ops.placeholder(IMAGES, shape);
        SDVariable unit = ops.l2Normalize(tower.apply(new Scope(ops, store, PREFIX), x, List.of(), path).dense(), EPS);
        ops.named(scores ? ops.scale(ops.bmm(unit, ops.constant("concepts", concepts), false, true), scale, 0) : unit, "result");
        return new GraphRunner(ops.sd(), List.of("result"));
    }
}
