package io.hiervl.train;

import io.hiervl.clip.DensePath;
import io.hiervl.config.LossConfig;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.GraphRunner;
import io.hiervl.loss.QueryTextLoss;
import io.hiervl.model.DQTD;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.Phi;
import io.hiervl.model.SemanticInference;
import io.hiervl.op.GateBce;
import io.hiervl.op.PixelCrossEntropy;
import io.hiervl.op.PixelEntropy;
import io.hiervl.op.QueryText;
import io.hiervl.op.SetLoss;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Builds the graphs of the whole network for one batch shape: with labelled losses, with unlabelled losses, and without any. */
final class NetworkGraph {
    private NetworkGraph() {
    }

    /**
     * Terms {@code ce, set_class, set_mask, set_dice, set_empty, qt, gate}. Placeholders: images, labels and weights
     * (b,H,W), presence (b,K), use_gt (b), row_class (b,Q), slots (b,hs,ws), norms (3), seeds (b), qt_weights (b,Q),
     * gate_weights (b).
     */
    static LossGraph labelled(TrainingModel model, long[] images, long[] slots) {
        LossConfig loss = model.recipe().loss();
        ModelConfig config = model.recipe().model();
        LossGraph graph = new LossGraph(model);
        FusedOps ops = graph.ops();
        long b = images[0];
        long k = model.classes().size();
        long q = config.queries((int) k);
        SDVariable x = ops.placeholder("images", images);
        SDVariable labels = ops.placeholder("labels", b, images[2], images[3]);
        SDVariable presence = ops.placeholder("presence", b, k);
        SDVariable rowClass = ops.placeholder("row_class", b, q);
        SDVariable slotMap = ops.placeholder("slots", slots);
        SDVariable norms = ops.placeholder("norms", 3);
        SDVariable seeds = ops.placeholder("seeds", b);
        HierVlNetwork net = model.network();
        HierVlNetwork.Output out = net.decode(graph.root(), net.encode(graph.root(), x, DensePath.NONE), graph.t(), presence,
            ops.placeholder("use_gt", b), true);
        SDVariable z = SemanticInference.logScores(ops, net.scores(ops, out), (int) images[2], (int) images[3], config.temperature());
        graph.term("ce", new PixelCrossEntropy(ops.sd(), z, labels, ops.placeholder("weights", b, images[2], images[3])).outputVariable());
        SDVariable[] sums = new SDVariable[4];
        int n = out.predictions().size();
        for (int i = 0; i < n; i++) {
            DQTD.Prediction p = out.predictions().get(i);
            SDVariable[] terms = new SetLoss(ops.sd(), p.classes(), p.masks(), labels, rowClass, slotMap, norms, seeds,
                new SetLoss.Settings((int) k, config.levels(), loss.samplePoints(), loss.oversample(), loss.importance(),
                    loss.ignoreCandidates(), loss.noObjectWeight(), i)).outputVariables();
            for (int j = 0; j < 4; j++) {
                SDVariable term = ops.adopt(terms[j], 1);
                sums[j] = sums[j] == null ? term : ops.add(sums[j], term);
            }
        }
        double depth = loss.deepSup() == LossConfig.Reduction.MEAN ? 1.0 / n : 1;
        String[] names = {"set_class", "set_mask", "set_dice", "set_empty"};
        for (int j = 0; j < 4; j++) {
            graph.term(names[j], ops.scale(sums[j], depth, 0));
        }
        SDVariable phi = Phi.query(graph.root().at("phi_query"), out.last().query());
        graph.term("qt", new QueryText(ops.sd(), phi, graph.t(), rowClass, ops.placeholder("qt_weights", b, q), true, true).outputVariable());
        graph.term("gate", new GateBce(ops.sd(), out.gate().logit(), presence, ops.placeholder("gate_weights", b)).outputVariable());
        return graph;
    }

    /**
     * Terms {@code self, guidance, entropy}, and {@code qt} if equation 2 is also taken on unlabelled images. Placeholders: images, keep1..keep4 (b,C_i), labels, weights, guidance_labels,
     * guidance_weights, entropy_weights (b,H,W).
     */
    static LossGraph unlabelled(TrainingModel model, long[] images) {
        ModelConfig config = model.recipe().model();
        LossGraph graph = new LossGraph(model);
        FusedOps ops = graph.ops();
        long b = images[0];
        long[] map = {b, images[2], images[3]};
        HierVlNetwork net = model.network();
        HierVlNetwork.Features features = net.encode(graph.root(), ops.placeholder("images", images), DensePath.NONE);
        List<SDVariable> keep = new ArrayList<>();
        for (int i = 0; i < features.pyramid().size(); i++) {
            keep.add(ops.placeholder("keep" + (i + 1), b, ops.shape(features.pyramid().get(i))[1]));
        }
        HierVlNetwork.Output out = net.decode(graph.root(), features.dropped(ops, keep), graph.t(), null, null, false);
        SDVariable z = SemanticInference.logScores(ops, net.scores(ops, out), (int) images[2], (int) images[3], config.temperature());
        graph.term("self", new PixelCrossEntropy(ops.sd(), z, ops.placeholder("labels", map), ops.placeholder("weights", map)).outputVariable());
        graph.term("guidance", new PixelCrossEntropy(ops.sd(), z, ops.placeholder("guidance_labels", map),
            ops.placeholder("guidance_weights", map)).outputVariable());
        graph.term("entropy", new PixelEntropy(ops.sd(), z, ops.placeholder("entropy_weights", map),
            config.temperature() / model.recipe().loss().entropyTemperature()).outputVariable());
        if (model.recipe().loss().qtOnUnlabelled()) {
            SDVariable phi = Phi.query(graph.root().at("phi_query"), out.last().query());
            graph.term("qt", new QueryTextLoss(false).buildUnlabelled(ops, phi, graph.t(), out.last().classes()));
        }
        return graph;
    }

    /** Images to z (b,K,H,W), with the text embeddings of the model. */
    static Inference inference(TrainingModel model, long[] images) {
        FusedOps ops = new FusedOps(Graphs.create(), DataType.FLOAT);
        SDVariable x = ops.placeholder("images", images);
        SDVariable t = model.inputs().variable(ops.sd(), TrainingModel.T);
        HierVlNetwork net = model.network();
        HierVlNetwork.Features features = net.encode(HierVlNetwork.root(ops, model.store()), x, DensePath.NONE);
        HierVlNetwork.Output out = net.decode(HierVlNetwork.root(ops, model.store()), features, t, null, null, false);
        ops.named(SemanticInference.logScores(ops, net.inferenceScores(ops, out), (int) images[2], (int) images[3],
            model.recipe().model().temperature()), "z");
        ops.named(features.v(), "v");
        return new Inference(new GraphRunner(ops.sd(), List.of("z", "v")));
    }

    /** The network without losses. */
    record Inference(GraphRunner runner) {
        /** z (b,K,H,W), a copy. */
        INDArray z(INDArray images) {
            return output(images, "z");
        }

        /** Image embeddings (b,C) of unit length, a copy. */
        INDArray v(INDArray images) {
            return output(images, "v");
        }

        private INDArray output(INDArray images, String name) {
            try (GraphRunner.Result result = runner.run(Map.of("images", images))) {
                return result.output(name).dup('c');
            }
        }
    }
}
