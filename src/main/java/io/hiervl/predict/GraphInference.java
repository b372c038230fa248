package io.hiervl.predict;

import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.model.HierVlNetwork;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The network as a scorer of windows: probabilities, softmax of the log scores z (docs/paper.md 6.4), at every pixel. One graph
 * for each window size, the last few are kept; parameters are read from the store at every run. For one thread.
 */
public final class GraphInference implements InferenceModel {
    // Truncated windows come in up to four sizes per image size.
    private static final int GRAPHS = 8;
    private static final String IMAGES = "images";
    private static final String SCORES = "log_scores";

    private final HierVlNetwork network;
    private final ParameterStore store;
    private final INDArray t;
    private final List<String> classNames;
    private final int crop;
    private final Map<Long, GraphRunner> runners = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, GraphRunner> eldest) {
            return size() > GRAPHS;
        }
    };
    private boolean closed;

    /**
     * @param t    (K,C), unit rows: embeddings of the class names; read at every run
     * @param crop side of the windows it was trained with
     */
    public GraphInference(HierVlNetwork network, ParameterStore store, INDArray t, List<String> classNames, int crop) {
        this.network = network;
        this.store = store;
        this.t = t;
        this.classNames = List.copyOf(classNames);
        this.crop = crop;
    }

    @Override
    public int crop() {
        return crop;
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    /** Patches, and the pyramid's coarsest map at twice the patch size, must come out even. */
    @Override
    public int sizeMultiple() {
        return network.sizeMultiple();
    }

    @Override
    public float[] scores(float[] chw, int h, int w) {
        if (closed) {
            throw new IllegalStateException("this model is closed");
        }
        GraphRunner runner = runners.computeIfAbsent((long) h << 32 | w, key -> build(h, w));
        INDArray image = Nd4j.create(chw, new long[] {1, 3, h, w}, 'c').castTo(t.dataType());
        try (GraphRunner.Result result = runner.run(Map.of(IMAGES, image, "t", t))) {
            float[] z = result.output(SCORES).ravel().toFloatVector();
            softmax(z, classes(), h * w);
            return z;
        }
    }

    private GraphRunner build(int h, int w) {
        Ops ops = network.newGraph(t.dataType());
        SDVariable images = ops.placeholder(IMAGES, 1, 3, h, w);
        SDVariable embeddings = ops.placeholder("t", t.shape());
        ops.named(network.infer(HierVlNetwork.root(ops, store), images, embeddings), SCORES);
        return new GraphRunner(ops.sd(), List.of(SCORES));
    }

    /** Over the classes at every pixel, in place. */
    static void softmax(float[] z, int classes, int pixels) {
        for (int i = 0; i < pixels; i++) {
            float max = Float.NEGATIVE_INFINITY;
            for (int k = 0; k < classes; k++) {
                max = Math.max(max, z[k * pixels + i]);
            }
            float sum = 0;
            for (int k = 0; k < classes; k++) {
                float e = (float) Math.exp(z[k * pixels + i] - max);
                z[k * pixels + i] = e;
                sum += e;
            }
            for (int k = 0; k < classes; k++) {
                z[k * pixels + i] /= sum;
            }
        }
    }

    /** Drops the graphs; the parameters belong to their owner. */
    @Override
    public void close() {
        closed = true;
        runners.clear();
    }
}
