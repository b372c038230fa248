package io.hiervl.export;

import io.hiervl.HierVlException;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.InferenceGraphs;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A trained network to export. The graph takes one image, {@value #IMAGES}, and gives its log scores, {@value #SCORES}; the
 * text embeddings are inside, so that neither the text tower nor the frozen tower is needed.
 *
 * @param store parameters of image tower and network
 * @param text  (K,C), unit rows: the cached t
 * @param meta  labels, preprocessing and the graph's size
 */
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
}
