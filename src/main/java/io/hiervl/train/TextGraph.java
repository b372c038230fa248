package io.hiervl.train;

import io.hiervl.backend.Backend;
import io.hiervl.clip.TextTower;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.DeviceParameters;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.loss.Feed;
import io.hiervl.loss.PromptScene;
import io.hiervl.loss.PromptTargets;
import io.hiervl.loss.Term;
import io.hiervl.loss.View;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Prompt tokens to text embeddings t (K,C), with the prompt losses of equations 3 and 4. It runs forward
 * at the start of a step and backward once at its end, with the gradient of t that all other graphs have added up.
 */
final class TextGraph {
    /** The learnable tokens in the parameter store. */
    static final String PROMPT = "text_prompt";
    private static final String EMBEDDINGS = "embeddings";

    private final TrainingModel model;
    private final GraphRunner forward;
    private final LossGraph<PromptTargets> backward;
    private final List<Term<PromptScene>> terms;
    private final DeviceParameters onDevice;

    TextGraph(TrainingModel model) {
        this(model, true);
    }

    /** The embeddings alone, of weights that are not trained. */
    static TextGraph forwardOnly(TrainingModel model) {
        return new TextGraph(model, false);
    }

    private TextGraph(TrainingModel model, boolean trained) {
        this.model = model;
        this.onDevice = DeviceParameters.keep(model.inputs());
        FusedOps ops = model.newGraph();
        ops.named(embeddings(ops, HierVlNetwork.root(ops, model.store())).normalised(), EMBEDDINGS);
        this.forward = ops.runner(List.of(EMBEDDINGS));
        this.terms = new ArrayList<>(model.terms().on(PromptScene.class, View.PROMPTS));
        terms.add(new Through());
        this.backward = trained ? LossGraph.of(model, feed(null), 0, 1, this::network, terms) : null;
    }

    /** Leads the gradient of t, which all other graphs have added up, on to the prompt: its derivative by t is just that. */
    private static final class Through implements Term<PromptScene> {
        @Override
        public String name() {
            return "through";
        }

        @Override
        public Class<PromptScene> scene() {
            return PromptScene.class;
        }

        @Override
        public double weight(View view, double progress) {
            return 1;
        }

        @Override
        public SDVariable build(PromptScene scene) {
            return scene.ops().sum(scene.ops().mul(scene.t(), scene.in(PromptTargets.REACHED)));
        }
    }

    private Feed<PromptTargets> feed(Tensor reached) {
        return Feed.of(new PromptTargets(reached == null ? Nd4jTensors.of(model.filled(0, model.t().shape())) : reached));
    }

    /** The class names behind the prompt, through the text tower. */
    TextTower.Output embeddings(Ops o, Scope root) {
        ModelConfig config = model.recipe().model();
        boolean prompted = config.clip().textPromptTokens() > 0;
        SDVariable table = o.constant("names", model.names().embeddings(model.store().get("text.token_embedding").array()));
        SDVariable end = o.constant("end", model.names().endSelector(config.clip().textPromptTokens(), model.type()));
        return new TextTower(model.architecture()).apply(root.at("text"), table, prompted ? root.get(PROMPT) : null, end);
    }

    private PromptScene network(LossGraph<PromptTargets> graph) {
        return new PromptScene(graph.root(), embeddings(graph.ops(), graph.root()).normalised(), graph.in(),
            graph.ops().constant("prototypes", model.prototypes()));
    }

    /** Computes t and puts it where the other graphs read it, without waiting for a device. */
    void forward() {
        try (GraphRunner.Result result = forward.run(Map.of())) {
            Backend backend = model.where();
            backend.kernels(result.tensor(EMBEDDINGS).type(), Precision.FP32).copy(result.tensor(EMBEDDINGS),
                DeviceParameters.on(backend, model.t()));
            DeviceParameters.advanced(backend, List.of(model.t()));
        }
    }

    /** t (K,C) on the host, of the last {@link #forward}. */
    INDArray t() {
        onDevice.toHost();
        return model.t();
    }

    /**
     * Gradients of the prompt: of equations 3 and 4, and of everything that t reached. The terms are the same on every part
     * of the batch, which therefore counts its part of them; what reached t adds up by itself.
     */
    void backward(StepContext step) {
        double share = 1.0 / step.others().parts();
        Map<String, Double> coefficients = new LinkedHashMap<>();
        terms.forEach(term -> coefficients.put(term.name(),
            term.weight(View.PROMPTS, step.progress()) * (term instanceof Through ? 1 : share)));
        Feed<PromptTargets> feed = feed(step.gradT().tensors().get(TrainingModel.T));
        Map<String, Integer> places = backward.run(feed, 0, 1, null, coefficients, step.gradients(), step.gradT(), step.readings());
        step.later(() -> model.terms().weights(View.PROMPTS, step.progress()).forEach((term, weight) -> {
            double value = step.readings().value(places.get(term));
            step.requireFinite(term, value, List.of());
            step.term(term, value * share, weight);
        }));
    }
}
