package io.hiervl.export;

import io.hiervl.Content;
import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.InferenceGraphs;
import io.hiervl.predict.TrainedModel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A trained network to export. The graph takes one image, {@value #IMAGES}, and gives its log scores, {@value #SCORES}; the
 * text embeddings are inside, so that neither the text tower nor the frozen tower is needed. Not safe for several threads.
 *
 * @param store parameters of image tower and network
 * @param text  (K,C), unit rows: the cached t
 * @param meta  labels, preprocessing and the graph's size
 */
@PublicApi(handle = true)
public record ExportSource(HierVlNetwork network, ParameterStore store, INDArray text, ExportMeta meta) {
    /** Input of the graph. */
    public static final String IMAGES = "images";
    /** Output of the graph. */
    public static final String SCORES = "scores";

    public ExportSource {
        if (text.rank() != 2 || text.size(0) != network.classes() || meta.classes().size() != network.classes()) {
            throw HierVlException.model("the model has " + network.classes() + " classes, got text embeddings " + text.shapeInfoToString()
                + " and " + meta.classes().size() + " names");
        }
        if (meta.height() != meta.width()) {
            throw HierVlException.model("exported graphs are square, got " + meta.height() + " x " + meta.width());
        }
    }

    /**
     * A trained network as a graph of one size.
     *
     * @param side       of the input in pixels, a multiple of twice the patch size
     * @param attributes for the file's description, beside the names of recipe and backbone
     */
    public static ExportSource of(TrainedModel trained, int side, Map<String, String> attributes) {
        HierVlNetwork network = trained.network();
        if (side < 1 || side % network.sizeMultiple() != 0) {
            throw new IllegalArgumentException("the side is " + side + ", it must be a multiple of " + network.sizeMultiple());
        }
        List<int[]> colours = trained.palette().colours(trained.classes().size()).stream()
            .map(c -> c.stream().mapToInt(Integer::intValue).toArray()).toList();
        Map<String, String> all = new LinkedHashMap<>(attributes);
        all.put("recipe", trained.recipe().name());
        all.put("backbone", network.towers().image().family());
        ExportMeta meta =
            ExportMeta.of(trained.classes(), colours, wide(trained.normalize().mean()), wide(trained.normalize().std()), side, side,
                network.towers().image().patch(), all);
        return new ExportSource(network, trained.store(), trained.t(), meta);
    }

    private static double[] wide(float[] values) {
        // Through the shortest decimal, so that 0.48145466f stays 0.48145466.
        return IntStream.range(0, values.length).mapToDouble(i -> Double.parseDouble(Float.toString(values[i]))).toArray();
    }

    /** The inference graph in any vocabulary; returns the log scores. */
    SDVariable build(Ops ops) {
        SDVariable images = ops.placeholder(IMAGES, 1, 3, meta.height(), meta.width());
        SDVariable t = ops.constant("text_embeddings", text.castTo(DataType.FLOAT).dup('c'));
        return network.infer(HierVlNetwork.root(ops, store), images, t);
    }

    /** The network itself, to compare with. */
    InferenceGraphs live() {
        return new InferenceGraphs(network, store, text);
    }

    @Override
    public boolean equals(Object other) {
        return Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return Content.hash(this);
    }

    @Override
    public String toString() {
        return Content.text(this);
    }
}
