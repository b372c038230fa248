package io.hiervl.train;

import io.hiervl.clip.DensePath;
import io.hiervl.config.LossConfig;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.FusedOps;
import io.hiervl.loss.GateLoss;
import io.hiervl.loss.PixelTextLoss;
import io.hiervl.loss.QueryTextLoss;
import io.hiervl.loss.SetLosses;
import io.hiervl.loss.SetPoints;
import io.hiervl.loss.SetTargets;
import io.hiervl.loss.SupervisedCrossEntropy;
import io.hiervl.model.DQTD;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.Phi;
import io.hiervl.model.SemanticInference;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * The network with the losses of labelled images. Placeholders: images (b,3,H,W), ce_weights (b,H,W), presence (b,K), use_gt
 * (b), those of {@link SetLosses.Inputs}, and if their terms are used qt_weights (b,Q), gate_weights (b), patch_classes and
 * patch_weights (b,N).
 *
 * @param loss     terms ce, set_class, set_mask, set_dice, set_empty, qt, gate, pt_unmasked, as far as they are used
 * @param features of the image tower
 * @param output   of the decoders
 * @param z        (b,K,H,W)
 * @param set      set loss of every prediction
 */
record LabelledGraph(LossGraph loss, HierVlNetwork.Features features, HierVlNetwork.Output output, SDVariable z, SetLosses.Terms set) {

    /**
     * @param images shape (b,3,H,W)
     * @param terms  that are used
     * @param like   targets of a batch of any size with these label maps
     */
    static LabelledGraph of(TrainingModel model, long[] images, Set<String> terms, SetTargets like, SetPoints points) {
        ModelConfig config = model.recipe().model();
        LossConfig loss = model.recipe().loss();
        LossGraph graph = new LossGraph(model);
        FusedOps ops = graph.ops();
        long b = images[0];
        long k = model.classes().size();
        long[] map = {b, images[2], images[3]};
        HierVlNetwork net = model.network();
        boolean patches = terms.contains("pt_unmasked");
        HierVlNetwork.Features features = net.encode(graph.root(), ops.placeholder("images", images), patches ? model.densePath() : DensePath.NONE);
        SDVariable presence = ops.placeholder("presence", b, k);
        HierVlNetwork.Output out = net.decode(graph.root(), features, graph.t(), presence, ops.placeholder("use_gt", b), true);
        SDVariable z = SemanticInference.logScores(ops, net.scores(ops, out), (int) images[2], (int) images[3], config.output().temperature());
        SetLosses.Inputs in = SetLosses.Inputs.placeholders(ops, map, like, points, out.predictions().size());
        if (terms.contains("ce")) {
            graph.term("ce", SupervisedCrossEntropy.build(ops, z, in.labels(), ops.placeholder("ce_weights", map)));
        }
        SetLosses.Terms set = setTerms(model, graph, terms, out, in);
        if (terms.contains("qt")) {
            SDVariable phi = Phi.query(graph.root().at("phi_query"), out.last().query());
            graph.term("qt", loss.qt().literal() ? QueryTextLoss.buildLiteral(ops, phi, graph.t(), out.last().classes())
                : QueryTextLoss.build(ops, phi, graph.t(), in.rowClass(), ops.placeholder("qt_weights", b, config.queries().rows((int) k))));
        }
        if (terms.contains("gate")) {
            graph.term("gate", GateLoss.build(ops, out.gate().logit(), presence, ops.placeholder("gate_weights", b)));
        }
        if (patches) {
            long n = ops.shape(features.dense())[1];
            graph.term("pt_unmasked", PixelTextLoss.build(ops, features.dense(), graph.t(), ops.placeholder("patch_classes", b, n),
                ops.placeholder("patch_weights", b, n), loss.masked().tau()));
        }
        return new LabelledGraph(graph, features, out, z, set);
    }

    /** Adds the terms of the set loss at every prediction of an output. */
    static SetLosses.Terms setTerms(TrainingModel model, LossGraph graph, Set<String> terms, HierVlNetwork.Output out, SetLosses.Inputs in) {
        SetLosses.Terms set = new SetLosses(model.setSettings(), model.recipe().loss().set().deepSup()).build(graph.ops(),
            out.predictions().stream().map(DQTD.Prediction::classes).toList(), out.predictions().stream().map(DQTD.Prediction::masks).toList(), in);
        if (terms.contains("set_class")) {
            graph.term("set_class", set.classes());
        }
        if (terms.contains("set_mask")) {
            graph.term("set_mask", set.bce());
        }
        if (terms.contains("set_dice")) {
            graph.term("set_dice", set.dice());
        }
        if (terms.contains("set_empty") && !model.recipe().model().output().noObject()) {
            graph.term("set_empty", set.empty());
        }
        return set;
    }
}
