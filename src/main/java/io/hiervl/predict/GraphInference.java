package io.hiervl.predict;

import io.hiervl.backend.jvm.Slab;
import io.hiervl.eval.Probabilities;
import io.hiervl.graph.DeviceParameters;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.ParameterStore;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.SemanticInference;
import io.hiervl.tensor.Nd4jTensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The network as a scorer of windows: probabilities, softmax of the log scores z (docs/paper.md 6.4), at every pixel. One graph
 * for each window size and batch, the last few are kept; parameters stay on a GPU until {@link #close}. Several threads may
 * ask for scores; one thread opens and closes.
 */
public final class GraphInference implements InferenceModel {
    // Truncated windows come in up to four sizes per image size.
    private static final int GRAPHS = 12;
    private static final int BATCH = 16;
    private static final int BATCH_PIXELS = 1 << 16;
    private static final int LANE_PIXELS = 1 << 20;
    private static final String IMAGES = "images";
    private static final String SCORES = "class_scores";

    private final HierVlNetwork network;
    private final ParameterStore store;
    private final INDArray t;
    private final List<String> classNames;
    private final int crop;
    private final Map<List<Integer>, GraphRunner> runners = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<List<Integer>, GraphRunner> eldest) {
            return size() > GRAPHS;
        }
    };
    private final DeviceParameters onDevice;
    private volatile boolean closed;

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
        this.onDevice = DeviceParameters.keep(store);
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

    /** Small windows share a pass: its ops have work for a core, and the time that each of them costs is paid once. */
    @Override
    public int batch(int h, int w) {
        return Math.max(1, Math.min(BATCH, Integer.highestOneBit(BATCH_PIXELS / (h * w))));
    }

    /**
     * Passes of small windows run beside each other on a share of the threads; their number is limited by the memory of large windows. A
     * GPU is one queue and takes one pass at a time.
     */
    @Override
    public int lanes(int h, int w) {
        return network.backend().onHost() ? Math.max(1, LANE_PIXELS / (h * w)) : 1;
    }

    @Override
    public float[] scores(float[] chw, int h, int w) {
        return scores(chw, 1, h, w);
    }

    @Override
    public float[] scores(float[] nchw, int n, int h, int w) {
        if (closed) {
            throw new IllegalStateException("this model is closed");
        }
        GraphRunner runner = runner(List.of(n, h, w));
        INDArray images = Nd4j.create(nchw, new long[] {n, 3, h, w}, 'c').castTo(t.dataType());
        try (GraphRunner.Result result = runner.run(Map.of(IMAGES, images, "t", t))) {
            INDArray s = result.output(SCORES);
            float[] p = new float[Math.toIntExact(s.length())];
            Slab.of(Nd4jTensors.of(s)).get(0, p, 0, p.length);
            Probabilities.ofScores(p, n, classes(), h * w, SemanticInference.EPS, network.config().output().temperature());
            return p;
        }
    }

    /** SameDiff cannot build two graphs at a time. */
    private GraphRunner runner(List<Integer> size) {
        synchronized (GraphInference.class) {
            return runners.computeIfAbsent(size, key -> build(key.get(0), key.get(1), key.get(2)));
        }
    }

    /** Runs a task that builds a graph while no other graph is built. */
    static <T> T building(Supplier<T> task) {
        synchronized (GraphInference.class) {
            return task.get();
        }
    }

    private GraphRunner build(int n, int h, int w) {
        FusedOps ops = network.newGraph(t.dataType());
        SDVariable images = ops.placeholder(IMAGES, n, 3, h, w);
        SDVariable embeddings = ops.placeholder("t", t.shape());
        ops.named(network.inferScores(HierVlNetwork.root(ops, store), images, embeddings), SCORES);
        return ops.runner(List.of(SCORES));
    }

    /** Drops the graphs; the parameters belong to their owner. */
    @Override
    public void close() {
        closed = true;
        synchronized (GraphInference.class) {
            runners.clear();
            onDevice.close();
        }
    }
}
