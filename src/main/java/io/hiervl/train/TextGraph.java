package io.hiervl.train;

import io.hiervl.clip.TextTower;
import io.hiervl.config.LossConfig;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.Phi;
import io.hiervl.op.PromptAnchor;
import io.hiervl.op.PromptTopology;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Prompt tokens to text embeddings t (K,C), with the prompt losses of equations 3 and 4. It runs forward at the start of a
 * step and backward once at its end, with the gradient of t that all other graphs have added up.
 */
final class TextGraph {
    /** The learnable tokens in the parameter store. */
    static final String PROMPT = "text_prompt";

    private final TrainingModel model;
    private final Ops ops;
    private final GraphRunner forward;
    private final LossGraph backward;

    TextGraph(TrainingModel model) {
        this.model = model;
        this.ops = new FusedOps(Graphs.create(), DataType.FLOAT);
        ops.named(embeddings(ops, HierVlNetwork.root(ops, model.store())), "embeddings");
        this.forward = new GraphRunner(ops.sd(), List.of("embeddings"));
        this.backward = new LossGraph(model);
        build(backward);
    }

    private SDVariable embeddings(Ops o, Scope root) {
        ModelConfig config = model.recipe().model();
        boolean prompted = config.textPromptTokens() > 0;
        List<int[]> ids = model.classes().stream().map(c -> model.clip().tokenizer()
            .withSpecials(c, model.clip().weights().architecture().text().context() - config.textPromptTokens())).toList();
        TextTower.Tokens tokens = TextTower.Tokens.of(ids.toArray(new int[0][]), model.clip().preprocessing().eot());
        SDVariable table = o.constant("names", tokens.embeddings(model.store().get("text.token_embedding").array()));
        SDVariable end = o.constant("end", tokens.endSelector(config.textPromptTokens(), DataType.FLOAT));
        SDVariable prompt = prompted ? root.get(PROMPT) : null;
        return new TextTower(model.clip().weights().architecture()).apply(root.at("text"), table, prompt, end).normalised();
    }

    private void build(LossGraph graph) {
        LossConfig loss = model.recipe().loss();
        Ops o = graph.ops();
        int k = model.classes().size();
        double ratio = 21.0 / k;
        boolean rescale = loss.topoRescale() != LossConfig.TopoRescale.NONE;
        double scale = !rescale ? 1 : loss.topoRescale() == LossConfig.TopoRescale.CAPPED ? Math.min(1, ratio) : ratio;
        SDVariable t = embeddings(o, graph.root());
        SDVariable fixed = o.constant("prototypes", model.prototypes());
        graph.term("topo", new PromptTopology(o.sd(), t, fixed, scale * scale).outputVariable());
        graph.term("anchor", new PromptAnchor(o.sd(), Phi.text(graph.root().at("phi_text"), t), fixed, loss.lambdaRep(), loss.anchorPower(),
            loss.repulsion() == LossConfig.Reduction.MEAN, loss.promptEpsilon(), scale).outputVariable());
        graph.term("through", o.sum(o.mul(t, o.placeholder("gradient", model.t().shape()))));
    }

    /** Computes t and puts it where the other graphs read it. */
    void forward() {
        try (GraphRunner.Result result = forward.run(Map.of())) {
            model.t().assign(result.output("embeddings"));
        }
    }

    /** Gradients of the prompt: of equations 3 and 4 with their weight, and of everything that t reached. */
    Map<String, Double> backward(INDArray gradT, double weight, GradientSum sum) {
        Map<String, Double> values = backward.run(Map.of("gradient", gradT), Map.of("topo", weight, "anchor", weight, "through", 1.0), sum, null);
        values.remove("through");
        return values;
    }
}
