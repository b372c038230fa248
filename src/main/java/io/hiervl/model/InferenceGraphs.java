package io.hiervl.model;

import io.hiervl.graph.Compute;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.ParameterStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs the trained network on images of any size its patch divides: one graph per size, the latest few kept. Parameters
 * are read from the store at every run, so a model in training can be evaluated in between; the text embeddings are given
 * by {@link #setText}. Not safe for several threads.
 */
public final class InferenceGraphs {
    private static final int KEPT = 4;
    private static final String IMAGES = "images";
    private static final String TEXT = "t";

    private final HierVlNetwork network;
    private final ParameterStore store;
    private final Map<List<Long>, Runner> runners = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<List<Long>, Runner> eldest) {
            return size() > KEPT;
        }
    };
    private INDArray text;

    private record Runner(GraphRunner runner, String scores) {
    }

    /** @param text (K,C), unit rows */
    public InferenceGraphs(HierVlNetwork network, ParameterStore store, INDArray text) {
        this.network = network;
        this.store = store;
        setText(text);
    }

    /** Replaces the text embeddings, (K,C) with unit rows. */
    void setText(INDArray newText) {
        text = newText.castTo(DataType.FLOAT).dup('c');
    }

    HierVlNetwork network() {
        return network;
    }

    /**
     * @param images (B,3,H,W), normalised
     * @return log scores (B,K,H,W), a copy
     */
    public INDArray scores(INDArray images) {
        Runner r = runners.computeIfAbsent(java.util.Arrays.stream(images.shape()).boxed().toList(), k -> build(images.shape()));
        try (GraphRunner.Result result = r.runner.run(Map.of(IMAGES, images, TEXT, text))) {
            return result.output(r.scores).dup('c');
        }
    }

    /** One image: 3*h*w planes to K*h*w log scores. */
    float[] scores(float[] chw, int h, int w) {
        INDArray scores = scores(Nd4j.create(chw, new long[] {1, 3, h, w}, 'c'));
        float[] values = scores.data().asFloat();
        scores.close();
        return values;
    }

    private Runner build(long[] shape) {
        FusedOps ops = new FusedOps(Graphs.create(), DataType.FLOAT, Compute.plain(network.backend()));
        SDVariable images = ops.placeholder(IMAGES, shape);
        SDVariable t = ops.placeholder(TEXT, text.shape());
        SDVariable scores = network.infer(HierVlNetwork.root(ops, store), images, t);
        return new Runner(ops.runner(List.of(scores.name())), scores.name());
    }
}
