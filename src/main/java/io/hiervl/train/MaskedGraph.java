package io.hiervl.train;

import io.hiervl.graph.Ops;
import io.hiervl.loss.MaskedConsistencyLoss;
import io.hiervl.loss.PixelTextLoss;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Equations 6 and 7: the image tower on images from which one class was erased, against the frozen tower on whole ones.
 * Placeholders: images (b,3,H,W), patch_classes and patch_weights (b,N), and for equation 6 reference (b,N,C).
 *
 * @param loss  terms mask and pt, as far as they are used
 * @param dense (b,N,C) of the erased images
 */
record MaskedGraph(LossGraph loss, SDVariable dense) {

    /** @param images shape (b,3,H,W) */
    static MaskedGraph of(TrainingModel model, long[] images, Set<String> terms) {
        LossGraph graph = new LossGraph(model);
        Ops ops = graph.ops();
        SDVariable x = ops.placeholder("images", images);
        SDVariable dense = model.network().tower().apply(graph.root().at("vision"), x, List.of(), model.densePath()).dense();
        long[] s = ops.shape(dense);
        SDVariable classes = ops.placeholder("patch_classes", s[0], s[1]);
        SDVariable weights = ops.placeholder("patch_weights", s[0], s[1]);
        if (terms.contains("mask")) {
            graph.term("mask", MaskedConsistencyLoss.build(ops, dense, graph.t(), ops.placeholder("reference", s), classes, weights));
        }
        if (terms.contains("pt")) {
            graph.term("pt", PixelTextLoss.build(ops, dense, graph.t(), classes, weights, model.recipe().loss().masked().tau()));
        }
        return new MaskedGraph(graph, dense);
    }
}
