package io.hiervl.train;

import io.hiervl.HierVlException;
import io.hiervl.config.LossConfig;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.TrainConfig;
import io.hiervl.model.HSQG;
import io.hiervl.op.kernel.Parallel;
import io.hiervl.train.optim.AdamW;
import io.hiervl.train.optim.Ema;
import io.hiervl.train.optim.GlobalNormClip;
import io.hiervl.train.optim.ParameterGroups;
import io.hiervl.train.optim.WarmupPoly;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * One optimiser step (hiervl.md 8.8): labels for the unlabelled batch, then the blocks A labelled, B strong views, C
 * feature-perturbed view, D masked consistency, E prompts, each forward and backward at once, and the update.
 *
 * <p>Every block may run in micro-batches: all denominators are known before a batch is split, so the sum of the parts'
 * gradients is the gradient of the whole.
 */
final class TrainingStep {
    private static final int LANE = 4;

    private final TrainingModel model;
    private final LossConfig loss;
    private final TrainConfig config;
    private final boolean semi;
    private final boolean language;
    private final TextGraph text;
    private final FrozenGraph frozen;
    private final AdamW optimiser = new AdamW();
    private final ParameterGroups groups;
    private final WarmupPoly schedule;
    private final Ema average;
    private final GradientSum gradients = new GradientSum();
    private final GradientSum gradT = new GradientSum();
    private final Map<String, LossGraph> labelled = new HashMap<>();
    private final Map<String, LossGraph> unlabelled = new HashMap<>();
    private final Map<String, MaskedGraph> masked = new HashMap<>();
    private final Map<String, NetworkGraph.Inference> inference = new HashMap<>();
    private final Map<String, Targets.Matcher> matchers = new HashMap<>();
    private final int total;

    TrainingStep(TrainingModel model, int total) {
        this.model = model;
        this.total = total;
        this.loss = model.recipe().loss();
        this.config = model.recipe().train();
        this.semi = config.method() != TrainConfig.Method.SUPERVISED;
        this.language = config.method() == TrainConfig.Method.HIERVL;
        this.text = new TextGraph(model);
        this.frozen = new FrozenGraph(model.store(), model.clip(), model.guidance().embeddings());
        this.groups = new ParameterGroups(model.store(), config.lr(), config.vitMultiplier(), config.newMultiplier(), config.newMultiplier(),
            config.weightDecay());
        this.average = config.ema() ? new Ema(config.emaDecay()) : null;
        this.schedule = new WarmupPoly(total, config.warmup(), config.polyPower(), 1e-6);
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
        if (average != null) {
            average.load(state);
        }
    }

    /** Brings t up to date with the prompt. */
    void refreshText() {
        text.forward();
    }

    /** z of images (B,3,H,W), all at once. */
    INDArray predict(INDArray images) {
        return inference(images).z(images);
    }

    private NetworkGraph.Inference inference(INDArray images) {
        return graph(inference, images.shape(), () -> NetworkGraph.inference(model, images.shape()));
    }

    /**
     * Sets slope and offset of the gate from the first batch, once in a training run (hiervl.md 3.3).
     *
     * @param images (B,3,H,W)
     */
    void initialiseGate(INDArray images) {
        text.forward();
        HSQG.initGate(model.store(), "hsqg", inference(images).v(images).mmul(model.t().transpose()), model.recipe().model().gateSlope());
    }

    /**
     * @param step counts from 0
     * @return every loss term, not weighted, and the figures {@code mask_ratio, grad_norm, lr, total}
     * @throws HierVlException of kind DIVERGED if a term or the gradient is not finite; the weights are then unchanged
     */
    Map<String, Double> run(StepInput input, long step) {
        double progress = (double) step / total;
        SplittableRandom random = new SplittableRandom(config.seed() * 1_000_003 + step);
        Map<String, Double> log = new LinkedHashMap<>();
        gradients.clear();
        gradT.clear();
        text.forward();
        labelledBlock(input, random, log, step);
        if (semi && input.unlabelled() != null) {
            unlabelledBlocks(input.unlabelled(), progress, random, log);
        }
        if (language && (loss.mask() > 0 || loss.pt() > 0)) {
            maskedBlock(input, random, log);
        }
        log.putAll(text.backward(gradT.sums().getOrDefault(TrainingModel.T, TrainingModel.filled(0, model.t().shape())), language ? loss.prompt() : 0, gradients));
        update(input, step, log);
        return log;
    }

    private void labelledBlock(StepInput input, SplittableRandom random, Map<String, Double> log, long step) {
        INDArray labels = input.labels();
        Targets targets = matchers.computeIfAbsent(Arrays.toString(labels.shape()), s -> new Targets.Matcher(model, labels.shape())).match(labels);
        int batch = (int) labels.size(0);
        float[] useGt = new float[batch];
        float[] gate = new float[batch];
        float[] seeds = new float[batch];
        for (int i = 0; i < batch; i++) {
            boolean coin = random.nextDouble() < loss.gtGateProbability();
            ModelConfig.GateMode mode = model.recipe().model().gateMode();
            // Without any valid pixel there is no ground truth to gate with.
            useGt[i] = targets.valid()[i] && (mode == ModelConfig.GateMode.GT || mode == ModelConfig.GateMode.MIX && coin) ? 1 : 0;
            gate[i] = targets.valid()[i] ? 1f / batch : 0;
            seeds[i] = random.nextInt(1 << 24);
        }
        Map<String, INDArray> all = new LinkedHashMap<>();
        all.put("images", input.images());
        all.put("labels", labels);
        all.put("weights", PixelTargets.supervised(labels, model.classes().size()));
        all.put("presence", targets.presence());
        all.put("use_gt", Nd4j.createFromArray(useGt));
        all.put("row_class", targets.rowClass());
        all.put("slots", targets.slots());
        all.put("seeds", Nd4j.createFromArray(seeds));
        all.put("qt_weights", targets.qt());
        all.put("gate_weights", Nd4j.createFromArray(gate));
        Map<String, Double> c = new HashMap<>();
        c.put("ce", loss.labelled() * loss.pixelCe());
        c.put("set_class", loss.labelled() * loss.setClass());
        c.put("set_mask", loss.labelled() * loss.setMask());
        c.put("set_dice", loss.labelled() * loss.setDice());
        c.put("set_empty", loss.labelled());
        c.put("qt", language ? loss.qt() : 0);
        c.put("gate", loss.gate());
        inParts(all, (part, sum, dt) -> {
            long[] images = part.get("images").shape();
            LossGraph graph = graph(labelled, images, () -> NetworkGraph.labelled(model, images, part.get("slots").shape()));
            part.put("norms", targets.norms());
            return graph.run(part, c, sum, dt);
        }).forEach(log::put);
    }

    private void unlabelledBlocks(StepInput.Unlabelled u, double progress, SplittableRandom random, Map<String, Double> log) {
        INDArray weak = u.weak();
        int batch = (int) weak.size(0);
        PixelTargets.Pseudo pseudo = pseudo(weak);
        log.put("mask_ratio", PixelTargets.ratio(pseudo.confidence(), u.valid(), loss.threshold()));
        double lam = language ? loss.guidance(progress) : 0;
        INDArray guide = lam > 0 ? guidance(weak, u.valid()) : TrainingModel.filled(PixelTargets.IGNORE, u.valid().shape());
        if (u.truth() != null) {
            log.put("pseudo_accuracy", accuracy(pseudo, u));
        }
        double entropy = language ? loss.entropyAt(progress) / 2 : 0;
        int view = 1;
        for (UnaryOperator<INDArray> mix : java.util.List.of(u.mix1(), u.mix2())) {
            INDArray strong = mix.apply(view == 1 ? u.strong1() : u.strong2());
            block(strong, mix.apply(pseudo.labels()), mix.apply(pseudo.confidence()), mix.apply(u.valid()), mix.apply(guide), null,
                Map.of("self", loss.strong(), "guidance", lam * loss.guidanceStrong(), "entropy", entropy,
                    "qt", language ? loss.qt() / 2 : 0.0), view == 1 ? "s1" : "s2", log);
            view++;
        }
        block(weak, pseudo.labels(), pseudo.confidence(), u.valid(), guide, random,
            Map.of("self", loss.feature(), "guidance", lam * loss.guidanceFeature(), "entropy", 0.0), "fp", log);
    }

    private PixelTargets.Pseudo pseudo(INDArray weak) {
        INDArray labels = TrainingModel.filled(0, weak.size(0), weak.size(2), weak.size(3));
        INDArray confidence = labels.dup('c');
        lanes((int) weak.size(0), (lane, from, to) -> {
            INDArray part = rows(weak, from, to);
            PixelTargets.Pseudo p = PixelTargets.pseudo(inference(part).z(part));
            labels.get(NDArrayIndex.interval(from, to)).assign(p.labels());
            confidence.get(NDArrayIndex.interval(from, to)).assign(p.confidence());
        });
        return new PixelTargets.Pseudo(labels, confidence);
    }

    private INDArray guidance(INDArray weak, INDArray valid) {
        int patch = model.clip().weights().architecture().vision().patch();
        INDArray result = valid.dup('c');
        lanes((int) weak.size(0), (lane, from, to) ->
            result.get(NDArrayIndex.interval(from, to)).assign(PixelTargets.guidance(frozen.conceptScores(rows(weak, from, to)), model.guidance(),
                model.classes().size(), (int) weak.size(2) / patch, (int) weak.size(3) / patch, rows(valid, from, to), loss.guidanceThreshold())));
        return result;
    }

    private void block(INDArray images, INDArray labels, INDArray confidence, INDArray valid, INDArray guide, SplittableRandom dropout,
                       Map<String, Double> coefficients, String view, Map<String, Double> log) {
        Map<String, INDArray> all = new LinkedHashMap<>();
        all.put("images", images);
        all.put("labels", labels);
        all.put("weights", PixelTargets.selfTraining(confidence, valid, loss));
        all.put("guidance_labels", guide);
        all.put("guidance_weights", TrainingModel.filled(1.0 / valid.length(), valid.shape()));
        all.put("entropy_weights", PixelTargets.mean(valid));
        int width = model.clip().weights().architecture().vision().width();
        for (int i = 1; i <= 4; i++) {
            all.put("keep" + i, keep(images.size(0), width, dropout));
        }
        inParts(all, (part, sum, dt) -> {
            long[] shape = part.get("images").shape();
            // equation 2 on unlabelled images is a mean over the images of the graph, the others have their denominators
            double share = (double) shape[0] / images.size(0);
            Map<String, Double> c = new HashMap<>(coefficients);
            c.computeIfPresent("qt", (name, factor) -> factor * share);
            Map<String, Double> terms = graph(unlabelled, shape, () -> NetworkGraph.unlabelled(model, shape)).run(part, c, sum, dt);
            terms.computeIfPresent("qt", (name, value) -> value * share);
            return terms;
        }).forEach((name, value) -> log.put(name + "_" + view, value));
    }

    /** Channel dropout: 0 or 1/(1-p); all ones without a random generator. */
    private INDArray keep(long batch, int channels, SplittableRandom random) {
        INDArray keep = TrainingModel.filled(1, batch, channels);
        if (random != null) {
            double p = loss.featureDropout();
            for (long i = 0; i < keep.length(); i++) {
                keep.putScalar(i, random.nextDouble() < p ? 0 : 1 / (1 - p));
            }
        }
        return keep;
    }

    private void maskedBlock(StepInput input, SplittableRandom random, Map<String, Double> log) {
        int patch = model.clip().weights().architecture().vision().patch();
        Erasure e = Erasure.of(input.images(), input.labels(), model.classes().size(), patch, loss, random);
        if (!e.any()) {
            return;
        }
        boolean nested = loss.vlNesting() == LossConfig.VlNesting.NESTED;
        Map<String, Double> c = Map.of("mask", nested ? loss.pt() * loss.mask() : loss.mask(), "pt", loss.pt());
        Map<String, INDArray> all = new LinkedHashMap<>();
        all.put("images", e.images());
        all.put("whole", input.images());
        all.put("classes", e.classes());
        all.put("weights", e.weights());
        inParts(all, (part, sum, dt) -> {
            long[] shape = part.get("images").shape();
            MaskedGraph graph = graph(masked, shape, () -> new MaskedGraph(model, shape));
            INDArray reference = frozen.reference(part.get("whole"), MaskedGraph.path(model));
            return graph.run(part.get("images"), reference, part.get("classes"), part.get("weights"), c, sum, dt);
        }).forEach(log::put);
    }

    private void update(StepInput input, long step, Map<String, Double> log) {
        for (Map.Entry<String, Double> term : log.entrySet()) {
            requireFinite(term.getKey(), term.getValue(), step, input);
        }
        Map<String, INDArray> sums = gradients.sums();
        double norm = GlobalNormClip.clip(sums, config.clipNorm());
        requireFinite("gradient norm", norm, step, input);
        double factor = schedule.factor(step);
        optimiser.step(groups.trainable(), sums, groups.lr(factor), groups.decay());
        if (average != null) {
            average.update(groups.trainable(), step);
        }
        log.put("grad_norm", norm);
        log.put("lr", config.lr() * factor);
    }

    private static void requireFinite(String name, double value, long step, StepInput input) {
        if (!Double.isFinite(value)) {
            throw HierVlException.diverged(String.format(Locale.ROOT, "step %d: %s is %s; the weights are as after step %d. Images of the batch: %s",
                step, name, value, step - 1, input.names()));
        }
    }

    private static double accuracy(PixelTargets.Pseudo pseudo, StepInput.Unlabelled u) {
        float[] l = pseudo.labels().data().asFloat();
        float[] t = u.truth().data().asFloat();
        float[] v = u.valid().data().asFloat();
        int n = 0;
        int right = 0;
        for (int i = 0; i < l.length; i++) {
            if (v[i] > 0 && t[i] < 254) {
                n++;
                right += l[i] == t[i] ? 1 : 0;
            }
        }
        return n == 0 ? 0 : (double) right / n;
    }

    private interface Part {
        /** Terms of a part of a batch; gradients are added to the sum and to that of t. */
        Map<String, Double> run(Map<String, INDArray> part, GradientSum sum, GradientSum gradT);
    }

    private interface Lane {
        void run(int lane, int from, int to);
    }

    /**
     * Cuts a batch into micro-batches, and these into lanes of at most {@link #LANE} images that run beside each other. The
     * cut depends on the batch alone, so that results do not depend on the number of threads.
     */
    private void lanes(int batch, Lane body) {
        for (int from = 0; from < batch; from += config.microBatch()) {
            int first = from;
            int size = Math.min(batch - from, config.microBatch());
            int n = (size + LANE - 1) / LANE;
            Parallel.lanes(n, i -> body.run(i, first + size * i / n, first + size * (i + 1) / n));
        }
    }

    /** Runs the parts of arrays of shape (B,...); returns the sums of their terms. */
    private Map<String, Double> inParts(Map<String, INDArray> all, Part body) {
        Map<Integer, Map<String, Double>> terms = new ConcurrentSkipListMap<>();
        lanes((int) all.get("images").size(0), (lane, from, to) -> {
            Map<String, INDArray> part = new LinkedHashMap<>();
            all.forEach((name, array) -> part.put(name, rows(array, from, to)));
            terms.put(from, body.run(part, gradients.lane(lane), gradT.lane(lane)));
        });
        gradients.join();
        gradT.join();
        Map<String, Double> sum = new LinkedHashMap<>();
        terms.values().forEach(t -> t.forEach((name, value) -> sum.merge(name, value, Double::sum)));
        return sum;
    }

    /** The graph for a shape, built once; SameDiff cannot build two at a time. */
    private synchronized <G> G graph(Map<String, G> graphs, long[] shape, Supplier<G> build) {
        return graphs.computeIfAbsent(Arrays.toString(shape), s -> build.get());
    }

    private static INDArray rows(INDArray a, int from, int to) {
        if (from == 0 && to == a.size(0)) {
            return a;
        }
        INDArray part = a.get(NDArrayIndex.interval(from, to));
        long[] shape = a.shape().clone();
        shape[0] = to - from;
        return part.dup('c').reshape('c', shape).castTo(DataType.FLOAT);
    }
}
