package io.hiervl.train;

import io.hiervl.clip.TextTower;
import io.hiervl.config.LossConfig;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.loss.PromptAnchorLoss;
import io.hiervl.loss.PromptTopologyLoss;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.Phi;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Prompt tokens to text embeddings t (K,C), with the prompt losses of equations 3 and 4: block E of a step. It runs forward
 * at the start of a step and backward once at its end, with the gradient of t that all other graphs have added up.
 */
final class TextGraph {
    /** The learnable tokens in the parameter store. */
    static final String PROMPT = "text_prompt";
    private static final String EMBEDDINGS = "embeddings";
    private static final String GRADIENT = "gradient";
    private static final String THROUGH = "through";

    private final TrainingModel model;
    private final GraphRunner forward;
    private final LossGraph backward;

    TextGraph(TrainingModel model) {
        this.model = model;
        Ops ops = model.newGraph();
        ops.named(embeddings(ops, HierVlNetwork.root(ops, model.store())).normalised(), EMBEDDINGS);
        this.forward = new GraphRunner(ops.sd(), List.of(EMBEDDINGS));
        this.backward = new LossGraph(model);
        build(backward, model.coefficients().prompts());
    }

    /** The class names behind the prompt, through the text tower. */
    TextTower.Output embeddings(Ops o, Scope root) {
        ModelConfig config = model.recipe().model();
        boolean prompted = config.clip().textPromptTokens() > 0;
        SDVariable table = o.constant("names", model.names().embeddings(model.store().get("text.token_embedding").array()));
        SDVariable end = o.constant("end", model.names().endSelector(config.clip().textPromptTokens(), model.type()));
        return new TextTower(model.architecture()).apply(root.at("text"), table, prompted ? root.get(PROMPT) : null, end);
    }

    private void build(LossGraph graph, Map<String, Double> coefficients) {
        LossConfig loss = model.recipe().loss();
        Ops o = graph.ops();
        SDVariable t = embeddings(o, graph.root()).normalised();
        SDVariable fixed = o.constant("prototypes", model.prototypes());
        if (coefficients.containsKey("topo")) {
            graph.term("topo", new PromptTopologyLoss(loss.prompt().topoRescale()).build(o, t, fixed));
        }
        if (coefficients.containsKey("anchor")) {
            Scope phi = graph.root().at("phi_text");
            graph.term("anchor", new PromptAnchorLoss(loss.prompt().lambdaRep(), loss.prompt().anchorPower(), loss.prompt().repulsion(), loss.prompt().promptEpsilon(),
                loss.prompt().topoRescale()).build(o, loss.prompt().phiLiteral() ? Phi.textLiteral(phi, t) : Phi.text(phi, t), fixed));
        }
        graph.term(THROUGH, o.sum(o.mul(t, o.placeholder(GRADIENT, model.t().shape()))));
    }

    /** Computes t and puts it where the other graphs read it. */
    void forward() {
        try (GraphRunner.Result result = forward.run(Map.of())) {
            model.t().assign(result.output(EMBEDDINGS));
        }
    }

    /** Gradients of the prompt: of equations 3 and 4, and of everything that t reached. */
    void backward(StepContext context) {
        Map<String, Double> prompts = model.coefficients().prompts();
        Map<String, Double> coefficients = new LinkedHashMap<>(prompts);
        coefficients.put(THROUGH, 1.0);
        INDArray reached = context.gradT().sums().get(TrainingModel.T);
        Map<String, INDArray> in = Map.of(GRADIENT, reached == null ? model.filled(0, model.t().shape()) : reached);
        Map<String, Double> values = backward.run(in, coefficients, context.gradients(), context.gradT());
        prompts.forEach((term, coefficient) -> {
            context.requireFinite(term, values.get(term), List.of());
            context.term(term, values.get(term), coefficient);
        });
    }
}
