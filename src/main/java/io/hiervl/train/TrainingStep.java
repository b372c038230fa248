package io.hiervl.train;

import io.hiervl.OffHeap;
import io.hiervl.backend.choice.Backends;
import io.hiervl.config.TrainConfig;
import io.hiervl.data.Batches;
import io.hiervl.data.Share;
import io.hiervl.graph.DeviceParameters;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.HostStaging;
import io.hiervl.model.HSQG;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.optim.AdamW;
import io.hiervl.optim.Ema;
import io.hiervl.optim.GlobalNormClip;
import io.hiervl.optim.ParameterGroups;
import io.hiervl.optim.WarmupPoly;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One optimiser step: the gradients of {@link HierVlStep}, and the update of the weights and of their average. */
final class TrainingStep {
    private static final Logger LOG = LoggerFactory.getLogger(TrainingStep.class);

    private final TrainingModel model;
    private final TrainConfig config;
    private final int total;
    private final TextGraph text;
    private final HierVlStep algorithm;
    private final GradientSum gradients;
    private final GradientSum gradT;
    private final GradientExchange exchange;
    private final AllReduce others;
    private final AdamW optimiser = new AdamW();
    private final ParameterGroups groups;
    private final WarmupPoly schedule;
    private final Ema average;
    private final DeviceParameters onDevice;
    /** Whether the log says what the host computes of a step on a device. */
    private boolean staged;

    /** @param total steps of the whole run */
    TrainingStep(TrainingModel model, int total) {
        this(model, total, AllReduce.ALONE);
    }

    /**
     * @param total  steps of the whole run
     * @param others parts of the batch on other machines
     */
    TrainingStep(TrainingModel model, int total, AllReduce others) {
        this.others = others;
        this.exchange = new GradientExchange(model.store(), others);
        this.model = model;
        this.config = model.recipe().train();
        this.total = total;
        this.gradients = new GradientSum(model.backend());
        this.gradT = new GradientSum(model.backend());
        this.text = new TextGraph(model);
        this.algorithm = new HierVlStep(model, text);
        this.groups = new ParameterGroups(model.store(), config.optimiser().lr(), config.optimiser().vitMultiplier(),
            config.optimiser().newMultiplier(), config.optimiser().newMultiplier(),
            config.optimiser().weightDecay());
        this.average = config.ema().keep() ? new Ema(config.ema().decay()) : null;
        this.onDevice = DeviceParameters.keep(model.store());
        this.schedule = new WarmupPoly(total, config.optimiser().warmup(), config.optimiser().polyPower(), 1e-6);
    }

    /** Optimiser state, and the average of the weights if one is kept. */
    Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>(optimiser.state());
        if (average != null) {
            state.putAll(average.state());
        }
        return state;
    }

    /** Takes over what {@link #state} gave. */
    void load(Map<String, INDArray> state) {
        optimiser.load(state);
        onDevice.changed();
        if (average != null) {
            average.load(state);
        }
    }

    /** Parameters have got other values on the host. */
    void weightsChanged() {
        onDevice.changed();
    }

    /**
     * Measures the statistics of batch norm for predictions.
     *
     * @param images the labelled images of a step, (B,3,H,W)
     * @return statistics of the average of the weights as {@code e/name}
     */
    Map<String, INDArray> measureNorms(LongFunction<INDArray> images) {
        Map<String, INDArray> state = new LinkedHashMap<>();
        NormStatistics.measure(model, average, images).forEach((name, a) -> state.put("e/" + name, a));
        onDevice.changed();
        return state;
    }

    /** t (K,C) that belongs to the saved weights: of the averaged prompt if averages are kept, else of the prompt; a copy. */
    INDArray textToSave() {
        INDArray averaged = average == null ? null : average.average().get(TextGraph.PROMPT);
        if (averaged == null) {
            text.forward();
            return model.t().dup('c');
        }
        INDArray prompt = model.store().get(TextGraph.PROMPT).array();
        INDArray own = prompt.dup('c');
        prompt.assign(averaged);
        onDevice.changed();
        text.forward();
        INDArray t = model.t().dup('c');
        prompt.assign(own);
        onDevice.changed();
        text.forward();
        return t;
    }

    /**
     * Sets slope and offset of the gate from the first batch, once in a training run (docs/paper.md 3.3).
     *
     * @param images (B,3,H,W); where the batch has parts, those of the first part count
     */
    void initialiseGate(INDArray images) {
        text.forward();
        FusedOps ops = model.newGraph();
        SDVariable v = model.network().towers().embedding(HierVlNetwork.root(ops, model.store()),
            ops.placeholder("images", images.shape()));
        try (GraphRunner.Result r = ops.runner(List.of(v.name())).run(Map.of("images", images))) {
            HSQG.initGate(model.store(), "hsqg", r.output(v.name()).mmul(model.t().transpose()), model.recipe().model().gate().slope());
            exchange.first(HSQG.gate(model.store(), "hsqg"));
            onDevice.changed();
        }
    }

    /**
     * @param batch with its number, from 0
     * @return every loss term, not weighted, and the figures {@code total, mask_ratio, pseudo_accuracy, grad_norm, lr}
     * @throws io.hiervl.HierVlException of kind DIVERGED if a term or the gradient is not finite; the weights are then
     *                                   unchanged
     */
    Map<String, Double> run(Batches.Step batch) {
        if (!staged) {
            HostStaging.take();
        }
        StepContext context = accumulate(batch, draws(batch.step()));
        if (!staged && !HostStaging.describe().isEmpty()) {
            LOG.info("a step on {} computes on the host: {}", model.backend().name(), HostStaging.describe());
        }
        staged = true;
        context.gatherLog();
        Map<String, INDArray> sums = exchange.sum(gradients.sums());
        double norm = GlobalNormClip.clip(sums, config.optimiser().clipNorm());
        if (!Double.isFinite(norm)) {
            requireFiniteTerms(batch);
        }
        List<String> names = new ArrayList<>(batch.labelled().names());
        if (batch.unlabelled() != null) {
            names.addAll(batch.unlabelled().names());
        }
        context.requireFinite("the gradient norm", norm, names);
        double factor = schedule.factor(batch.step());
        optimiser.step(groups.trainable(), sums, groups.lr(factor), groups.decay());
        onDevice.changed();
        if (average != null) {
            average.update(groups.trainable(), batch.step());
        }
        context.log().put("grad_norm", norm);
        context.log().put("lr", config.optimiser().lr() * factor);
        OffHeap.tidy();
        return context.log();
    }

    /**
     * Looks for the term that is not finite where only the gradient showed it: oneDNN's ReLU makes 0 of NaN, the Java kernels
     * keep it. Slow, but the training ends anyway; every draw follows from seed and step, so it is the same step again.
     */
    private void requireFiniteTerms(Batches.Step batch) {
        if (!model.backend().equals(Backends.java())) {
            LOG.warn("step {}: the gradient is not finite; running it again with the Java kernels to find the term", batch.step());
            new TrainingStep(model.on(Backends.java()), total, others).accumulate(batch, draws(batch.step()));
        }
    }

    /** Gradients of all views, which {@link #gradients} then holds; the weights are not touched. */
    StepContext accumulate(Batches.Step batch, Draws draws) {
        StepContext context = new StepContext(batch.step(), (double) batch.step() / total, draws, gradients, gradT, others);
        algorithm.run(batch, context);
        return context;
    }

    private Draws draws(long step) {
        return new SeededDraws(config.seed(), step, new Share(others.part(), others.parts()));
    }

    /** Sums of the last {@link #accumulate} by parameter, not clipped. */
    Map<String, INDArray> gradients() {
        return gradients.sums();
    }
}
