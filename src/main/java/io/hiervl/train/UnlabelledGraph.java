package io.hiervl.train;

import io.hiervl.clip.DensePath;
import io.hiervl.config.LossConfig;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.FusedOps;
import io.hiervl.loss.EntropyLoss;
import io.hiervl.loss.GuidanceLoss;
import io.hiervl.loss.QueryTextLoss;
import io.hiervl.loss.SetLosses;
import io.hiervl.loss.SetPoints;
import io.hiervl.loss.SetTargets;
import io.hiervl.loss.StrongViewLoss;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.Phi;
import io.hiervl.model.SemanticInference;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * The network with the losses of unlabelled images; strong and feature-perturbed views are the same graph, which for the latter may
 * give the weak view's scores on the way. Placeholders:
 * images (b,3,H,W), keep1..keep4 (b,channels), and as far as their terms are used labels, self_weights, guidance_labels,
 * guidance_weights, entropy_weights (b,h,w), image_weights (b), and those of {@link SetLosses.Inputs}.
 *
 * @param loss     terms self, set_*, guidance, entropy, qt, as far as they are used
 * @param features of the image tower, before dropout
 * @param output   of the decoders
 * @param scores   S (b,K,hs,ws)
 * @param weak     log scores (b,K,h,w) without dropout, an early result of the loss graph; null if not asked for
 */
record UnlabelledGraph(LossGraph loss, HierVlNetwork.Features features, HierVlNetwork.Output output, SDVariable scores, SDVariable weak) {

    /**
     * @param images shape (b,3,H,W)
     * @param weak   whether the decoders run without dropout as well, for the labels of the weak view
     * @param terms  that are used by any view
     * @param like   targets of the set loss with label maps of this size; null if it is not used
     */
    static UnlabelledGraph of(TrainingModel model, long[] images, boolean weak, Set<String> terms, SetTargets like, SetPoints points) {
        ModelConfig config = model.recipe().model();
        LossConfig loss = model.recipe().loss();
        LossGraph graph = new LossGraph(model);
        FusedOps ops = graph.ops();
        long b = images[0];
        int stride = model.unlabelledStride();
        long[] map = {b, images[2] / stride, images[3] / stride};
        HierVlNetwork net = model.network();
        HierVlNetwork.Features features = net.encode(graph.root(), ops.placeholder("images", images), DensePath.NONE);
        SDVariable undisturbed = weak ? InferenceGraph.logScores(graph.root(), net, features, graph.t(), (int) map[1], (int) map[2]) : null;
        if (weak) {
            graph.early(undisturbed);
        }
        List<SDVariable> keep = new ArrayList<>();
        for (int i = 0; i < features.pyramid().size(); i++) {
            keep.add(ops.placeholder("keep" + (i + 1), b, ops.shape(features.pyramid().get(i))[1]));
        }
        HierVlNetwork.Output out = net.decode(graph.root(), features.dropped(ops, keep), graph.t(), null, null, like != null);
        SDVariable s = net.scores(ops, out);
        SDVariable z = SemanticInference.logScores(ops, s, (int) map[1], (int) map[2], config.output().temperature());
        if (terms.contains("self")) {
            graph.term("self", StrongViewLoss.build(ops, z, ops.placeholder("labels", map), ops.placeholder("self_weights", map)));
        }
        if (like != null) {
            LabelledGraph.setTerms(model, graph, terms, out, SetLosses.Inputs.placeholders(ops, map, like, points, out.predictions().size()));
        }
        if (terms.contains("guidance")) {
            graph.term("guidance", GuidanceLoss.build(ops, z, ops.placeholder("guidance_labels", map), ops.placeholder("guidance_weights", map)));
        }
        if (terms.contains("entropy")) {
            graph.term("entropy", EntropyLoss.build(ops, z, ops.placeholder("entropy_weights", map), config.output().temperature(),
                loss.entropy().temperature()));
        }
        if (terms.contains("qt")) {
            SDVariable phi = Phi.query(graph.root().at("phi_query"), out.last().query());
            graph.term("qt", loss.qt().literal() ? QueryTextLoss.buildLiteral(ops, phi, graph.t(), out.last().classes())
                : QueryTextLoss.buildUnlabelled(ops, phi, graph.t(), out.last().classes(), ops.placeholder("image_weights", b)));
        }
        return new UnlabelledGraph(graph, features, out, s, undisturbed);
    }
}
