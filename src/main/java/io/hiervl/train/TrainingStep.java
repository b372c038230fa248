package io.hiervl.train;

import io.hiervl.OffHeap;
import io.hiervl.backend.Backend;
import io.hiervl.backend.DeviceSum;
import io.hiervl.backend.Kernels;
import io.hiervl.backend.Traffic;
import io.hiervl.backend.choice.Backends;
import io.hiervl.config.TrainConfig;
import io.hiervl.data.Batches;
import io.hiervl.data.Share;
import io.hiervl.graph.DeviceParameters;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.HostStaging;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.StepArrays;
import io.hiervl.model.HSQG;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.optim.AdamW;
import io.hiervl.optim.Ema;
import io.hiervl.optim.ParameterGroups;
import io.hiervl.optim.WarmupPoly;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Tensor;
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
final class TrainingStep implements StepRunner {
    private static final Logger LOG = LoggerFactory.getLogger(TrainingStep.class);

    private final TrainingModel model;
    private final TrainConfig config;
    private final int total;
    private final TextGraph text;
    private final HierVlStep algorithm;
    private final GradientSum gradients;
    private final GradientSum gradT;
    private final Backend where;
    private final Readings readings;
    private final GradientExchange exchange;
    private final AllReduce others;
    private final DeviceSum deviceSums;
    private final AdamW optimiser;
    private final ParameterGroups groups;
    private final WarmupPoly schedule;
    private final WarmupPoly towerSchedule;
    private final Ema average;
    private final Teacher teacher;
    private final DeviceParameters onDevice;
    private Traffic traffic = Traffic.NONE;
    private String staged = "";

    /** @param total steps of the whole run */
    TrainingStep(TrainingModel model, int total) {
        this(model, total, AllReduce.ALONE);
    }

    /**
     * @param total  steps of the whole run
     * @param others parts of the batch on other machines
     */
    TrainingStep(TrainingModel model, int total, AllReduce others) {
        this(model, total, others, null, null);
    }

    /** @param kept outputs of a frozen tower, null: it runs in every graph */
    TrainingStep(TrainingModel model, int total, AllReduce others, KeptArrays kept) {
        this(model, total, others, null, kept);
    }

    /**
     * @param total  steps of the whole run
     * @param others parts of the batch on other machines or devices
     * @param sums   adds up gradients of other devices; null: they go through the host
     */
    TrainingStep(TrainingModel model, int total, AllReduce others, DeviceSum sums) {
        this(model, total, others, sums, null);
    }

    private TrainingStep(TrainingModel model, int total, AllReduce others, DeviceSum sums, KeptArrays kept) {
        this.others = others;
        this.deviceSums = sums;
        this.exchange = new GradientExchange(model.store(), others);
        this.model = model;
        this.config = model.recipe().train();
        this.total = total;
        this.where = model.where();
        this.readings = new Readings(where, Nd4jTensors.type(model.type()));
        this.optimiser = new AdamW(where);
        this.gradients = new GradientSum(where);
        this.gradT = new GradientSum(where);
        this.text = new TextGraph(model);
        this.teacher = config.ema().teacher() && model.unlabelled() ? new Teacher(model) : null;
        this.algorithm = new HierVlStep(model, text, kept, teacher);
        this.groups = new ParameterGroups(model.store(), config.optimiser().lr(), config.optimiser().vitMultiplier(),
            config.optimiser().newMultiplier(), config.optimiser().newMultiplier(),
            config.optimiser().weightDecay());
        this.average = !config.ema().keep() ? null : teacher == null ? new Ema(config.ema().decay(), where)
            : teacher.average(config.ema().decay());
        this.onDevice = DeviceParameters.keep(model.store());
        TrainConfig.Optimiser o = config.optimiser();
        this.schedule = new WarmupPoly(total, o.warmup(), o.polyPower(), 1e-6);
        this.towerSchedule = new WarmupPoly(total, Math.max(o.warmup(), o.vitWarmup()), o.polyPower(), 1e-6);
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>(optimiser.state());
        if (average != null) {
            state.putAll(average.state());
        }
        return state;
    }

    @Override
    public void load(Map<String, INDArray> state) {
        optimiser.load(state);
        weightsChanged();
        if (average != null) {
            // a checkpoint also has the statistics of batch norm that belong to the average: they are measured, never averaged
            Map<String, INDArray> own = new LinkedHashMap<>(state);
            own.keySet().removeIf(name -> name.startsWith("e/") && !groups.trainable().containsKey(name.substring(2)));
            average.load(own);
        }
        if (teacher != null) {
            teacher.updated();
        }
    }

    /** Brings the host's parameters up to date; to be called before somebody reads them. */
    void toHost() {
        onDevice.toHost();
    }

    @Override
    public void weightsChanged() {
        onDevice.changed();
        if (teacher != null) {
            teacher.follow();
        }
    }

    @Override
    public Map<String, INDArray> measureNorms(LongFunction<INDArray> images) {
        toHost();
        Map<String, INDArray> state = new LinkedHashMap<>();
        NormStatistics.measure(model, average, images, onDevice::changed).forEach((name, a) -> state.put("e/" + name, a));
        return state;
    }

    @Override
    public INDArray textToSave() {
        toHost();
        INDArray averaged = average == null ? null : average.of(TextGraph.PROMPT);
        if (averaged == null) {
            text.forward();
            return text.t().dup('c');
        }
        INDArray prompt = model.store().get(TextGraph.PROMPT).array();
        INDArray own = prompt.dup('c');
        prompt.assign(averaged);
        onDevice.changed();
        text.forward();
        INDArray t = text.t().dup('c');
        prompt.assign(own);
        onDevice.changed();
        text.forward();
        return t;
    }

    @Override
    public void initialiseGate(INDArray images) {
        text.forward();
        FusedOps ops = model.newGraph();
        SDVariable v = model.network().towers().embedding(HierVlNetwork.root(ops, model.store()),
            ops.placeholder("images", images.shape()));
        try (GraphRunner.Result r = ops.runner(List.of(v.name())).run(Map.of("images", images))) {
            HSQG.initGate(model.store(), "hsqg", r.output(v.name()).mmul(text.t().transpose()), model.recipe().model().gate().slope());
            exchange.first(HSQG.gate(model.store(), "hsqg"));
            weightsChanged();
        }
    }

    @Override
    public Map<String, Double> run(Batches.Step batch) {
        HostStaging.take();
        Traffic before = where.traffic();
        StepContext context = start(batch, draws(batch.step()));
        addOtherParts();
        Map<String, Tensor> sums = gradients.tensors();
        Kernels kernels = where.kernels(Nd4jTensors.type(model.type()), Precision.FP32);
        try (StepArrays memory = new StepArrays(where)) {
            memory.run(() -> kernels.clipFactor(sums.values().toArray(new Tensor[0]), readings.scalars(), config.optimiser().clipNorm(),
                readings.state()));
        }
        double factor = schedule.factor(batch.step());
        Map<String, Tensor> trainable = trainable();
        optimiser.update(trainable, sums, groups.lr(towerSchedule.factor(batch.step()), factor), groups.decay(), readings.state());
        if (average != null) {
            average.update(trainable, batch.step(), readings.state());
        }
        if (teacher != null) {
            teacher.updated();
        }
        DeviceParameters.advanced(where, groups.trainable().values());
        // the only time that a step waits for its results
        finish(batch, context, sums);
        traffic = where.traffic().since(before);
        staged = HostStaging.describe();
        context.log().put("grad_norm", readings.norm());
        context.log().put("lr", config.optimiser().lr() * factor);
        OffHeap.tidy();
        return context.log();
    }

    /** Reads what the step has found, and ends the training if something is not finite; the weights are then as before. */
    private void finish(Batches.Step batch, StepContext context, Map<String, Tensor> sums) {
        try {
            context.read();
            context.gatherLog();
            if (!Double.isFinite(readings.norm())) {
                requireFiniteTerms(batch);
            }
            List<String> names = new ArrayList<>(batch.labelled().names());
            if (batch.unlabelled() != null) {
                names.addAll(batch.unlabelled().names());
            }
            context.requireFinite("the gradient norm", readings.norm(), names);
        } finally {
            if (!readings.updated()) {
                optimiser.forget(sums.keySet());
            }
        }
    }

    /** Parameters that are trained, where they are trained. */
    private Map<String, Tensor> trainable() {
        Map<String, Tensor> result = new LinkedHashMap<>();
        groups.trainable().forEach((name, array) -> result.put(name, DeviceParameters.on(where, array)));
        return result;
    }

    /** Adds the gradients of the other parts to those that are here. */
    private void addOtherParts() {
        if (others.parts() == 1) {
            return;
        }
        if (deviceSums == null) {
            exchange.sum(gradients.sums()).forEach(gradients::set);
            return;
        }
        for (ParameterStore.Parameter p : exchange.anywhere(gradients.tensors().keySet())) {
            deviceSums.add(gradients.orZeros(p));
        }
    }

    @Override
    public String report() {
        return where.onHost() ? "" : "a step on " + where.name() + " takes " + traffic.describe() + "; the host computes "
            + (staged.isEmpty() ? "nothing of the graphs" : staged);
    }

    @Override
    public void close() {
        onDevice.close();
        if (teacher != null) {
            teacher.close();
        }
    }

    /** What the last step moved between host and device. */
    Traffic traffic() {
        return traffic;
    }

    /**
     * Looks for the term that is not finite where only the gradient showed it: oneDNN's ReLU makes 0 of NaN, the Java kernels
     * keep it. Slow, but the training ends anyway; every draw follows from seed and step, so it is the same step again.
     */
    private void requireFiniteTerms(Batches.Step batch) {
        if (!model.backend().equals(Backends.java())) {
            toHost();
            LOG.warn("step {}: the gradient is not finite; running it again with the Java kernels to find the term", batch.step());
            new TrainingStep(model.on(Backends.java()), total, others).accumulate(batch, draws(batch.step()));
        }
    }

    /** Gradients of all views, which {@link #gradients} then holds, and the log; the weights are not touched. */
    StepContext accumulate(Batches.Step batch, Draws draws) {
        StepContext context = start(batch, draws);
        context.read();
        return context;
    }

    private StepContext start(Batches.Step batch, Draws draws) {
        try (StepArrays arrays = new StepArrays(where)) {
            StepContext context = new StepContext(batch.step(), (double) batch.step() / total, draws, gradients, gradT, readings, arrays,
                others);
            algorithm.run(batch, context);
            return context;
        }
    }

    private Draws draws(long step) {
        return new SeededDraws(config.seed(), step, new Share(others.part(), others.parts()));
    }

    /** Sums of the last {@link #accumulate} by parameter, not clipped. */
    Map<String, INDArray> gradients() {
        return gradients.sums();
    }
}
