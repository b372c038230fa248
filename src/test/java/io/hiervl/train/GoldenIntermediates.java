package io.hiervl.train;

import io.hiervl.backbone.Backbone;
import io.hiervl.backend.Matching;
import io.hiervl.backend.choice.Backends;
import io.hiervl.clip.DensePath;
import io.hiervl.config.ModelConfig;
import io.hiervl.config.Recipes;
import io.hiervl.data.UnlabelledBatch;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.graph.StepArrays;
import io.hiervl.loss.Believed;
import io.hiervl.loss.ErasedTargets;
import io.hiervl.loss.Feed;
import io.hiervl.loss.LabelledScene;
import io.hiervl.loss.LabelledTargets;
import io.hiervl.loss.MaskedScene;
import io.hiervl.loss.SetPoints;
import io.hiervl.loss.UnlabelledScene;
import io.hiervl.loss.View;
import io.hiervl.loss.ViewTargets;
import io.hiervl.model.DQTD;
import io.hiervl.model.HSQG;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.model.PixelDecoder;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Resize;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What the graphs of a training step compute on the way, under the fixture's names. */
final class GoldenIntermediates {
    private static final String[] LEVELS = {"s32", "s16", "s8"};

    private final GoldenStep golden;
    private final TrainingModel model;
    private final MicroBatches parts = new MicroBatches(1000, Backends.compute());
    private final FrozenGraph frozen;
    private final StepArrays arrays;
    private final TextGraph text;
    private final StepTargets targets;
    private final Networks networks;
    private final LabelledTargets inputs;
    private final Believed beliefs;
    private int resetRows;

    GoldenIntermediates(GoldenStep golden) {
        this.golden = golden;
        this.model = golden.model;
        this.frozen = new FrozenGraph(model);
        this.arrays = new StepArrays(model.where());
        this.text = new TextGraph(model);
        text.forward();
        this.targets = new StepTargets(model);
        this.networks = new Networks(model);
        this.inputs = targets.labelled(golden.batch.labelled(), golden);
        this.beliefs = new Beliefs(model, frozen, parts).of(golden.batch.unlabelled(), 0.5, arrays);
    }

    private static Map<String, INDArray> run(FusedOps ops, Map<String, SDVariable> wanted, Map<String, Tensor> values) {
        Map<String, INDArray> result = new LinkedHashMap<>();
        try (GraphRunner.Result r = ops.runner(wanted.values().stream().map(SDVariable::name).toList()).runTensors(values, null, null)) {
            wanted.forEach((name, v) -> result.put(name, r.output(v.name()).dup('c')));
        }
        return result;
    }

    private FusedOps ops() {
        return new FusedOps(Graphs.create(), model.type());
    }

    Map<String, INDArray> text() {
        FusedOps ops = ops();
        Map<String, INDArray> t =
            run(ops, Map.of("text.t", text.embeddings(ops, HierVlNetwork.root(ops, model.store())).raw()), Map.of());
        t.put("text.t_clip", model.prototypes());
        return t;
    }

    /** The matching, as triples of image, row and class, and as classes of rows. */
    Map<String, INDArray> matching() {
        INDArray rows = inputs.set().rowClass();
        List<double[]> matched = new ArrayList<>();
        for (int b = 0; b < rows.size(0); b++) {
            for (int r = 0; r < rows.size(1); r++) {
                double c = rows.getDouble(b, r);
                if (c != Matching.NOT_COUNTED && c < model.classes().size()) {
                    matched.add(new double[] {b, r, c});
                }
            }
        }
        return Map.of("labelled.matched", Nd4j.createFromArray(matched.toArray(new double[0][])), "labelled.row_class", rows);
    }

    /** The labelled graph with dense embeddings, which the step itself computes on demand only. */
    private LossGraph<LabelledTargets> labelledGraph() {
        return LossGraph.of(model, Feed.of(inputs), 0, images(), networks.labelled(true),
            model.terms().on(LabelledScene.class, View.LABELLED));
    }

    private int images() {
        return (int) inputs.images().size(0);
    }

    private Map<String, Tensor> labelledValues(LossGraph<LabelledTargets> graph) {
        return Feed.of(inputs).rows(graph.inputs(), 0, images());
    }

    /** The set loss of every prediction. */
    Map<String, Double> setLosses() {
        LossGraph<LabelledTargets> graph = labelledGraph();
        List<List<SDVariable>> parts = ((LabelledScene) graph.scene()).setLosses(model.recipe()).parts();
        Map<String, SDVariable> wanted = new LinkedHashMap<>();
        for (int d = 0; d < parts.size(); d++) {
            List<SDVariable> part = parts.get(d);
            wanted.put("set.pred" + d + ".class", part.get(0));
            wanted.put("set.pred" + d + ".bce", part.get(1));
            wanted.put("set.pred" + d + ".dice", part.get(2));
        }
        Map<String, Double> result = new LinkedHashMap<>();
        run(graph.ops(), wanted, labelledValues(graph)).forEach((name, v) -> result.put(name, v.getDouble(0)));
        return result;
    }

    Map<String, INDArray> labelled() {
        LossGraph<LabelledTargets> graph = labelledGraph();
        LabelledScene scene = (LabelledScene) graph.scene();
        FusedOps ops = graph.ops();
        HierVlNetwork.Output out = scene.output();
        Map<String, SDVariable> wanted = new LinkedHashMap<>();
        wanted.put("labelled.v", scene.features().v());
        wanted.put("labelled.dense", scene.features().dense());
        wanted.put("labelled.gate.s", out.gate().s());
        wanted.put("labelled.gate.factor", out.gate().s());
        wanted.put("labelled.gate.logit", out.gate().logit());
        wanted.put("key_bias", out.gate().keyBias());
        wanted.put("labelled.S", model.network().scores(ops, out));
        wanted.put("z", scene.z());
        wanted.put("labelled.F_pixel", out.pixels().feature());
        wanted.put("labelled.normed_last", out.last().query());
        for (int i = 0; i < 4; i++) {
            wanted.put("labelled.F" + (i + 1), scene.features().pyramid().get(i).value());
        }
        for (int i = 0; i < out.predictions().size(); i++) {
            wanted.put("labelled.pred" + i + ".class_logits", out.predictions().get(i).classes());
            wanted.put("labelled.pred" + i + ".mask_logits", out.predictions().get(i).masks());
        }
        for (int l = 0; l < LEVELS.length; l++) {
            int[] shape = out.pixels().shapes()[l];
            wanted.put("labelled.memory." + LEVELS[l], ops.toMap(out.pixels().memory().get(l), shape[0], shape[1]));
        }
        // one per level, or a single one where levels are not matched
        List<SDVariable> alpha = out.pixels().alpha().get(0);
        for (int l = 0; l < alpha.size(); l++) {
            wanted.put("labelled.cmsam_alpha.layer0.level" + l, alpha.get(l));
        }
        Map<String, INDArray> found = run(ops, wanted, labelledValues(graph));
        INDArray bias = found.remove("key_bias");
        found.put("labelled.gate.active", bias.gt(-1000).castTo(model.type()));
        INDArray z = found.remove("z");
        found.put("labelled.z_every4", every4(z));
        reset(found, "labelled.pred", out);
        found.putAll(towerAndQueries());
        return found;
    }

    private static INDArray every4(INDArray z) {
        INDArray result = Nd4j.create(z.dataType(), z.size(0), z.size(1), (z.size(2) + 3) / 4, (z.size(3) + 3) / 4);
        for (int b = 0; b < z.size(0); b++) {
            for (int k = 0; k < z.size(1); k++) {
                for (int i = 0; i < z.size(2); i += 4) {
                    for (int j = 0; j < z.size(3); j += 4) {
                        result.putScalar(new long[] {b, k, i / 4, j / 4}, z.getDouble(b, k, i, j));
                    }
                }
            }
        }
        return result;
    }

    /** Taps, similarities, generated queries and their state after every layer of the pixel decoder. */
    private Map<String, INDArray> towerAndQueries() {
        FusedOps ops = ops();
        Scope root = HierVlNetwork.root(ops, model.store());
        ModelConfig config = model.recipe().model();
        SDVariable images = ops.constant("images", golden.batch.labelled().images());
        Backbone.Output tower = model.network().towers().image().apply(root.at("vision"), images, model.network().taps(), DensePath.NONE);
        Map<String, SDVariable> wanted = new LinkedHashMap<>();
        for (int i = 0; i < tower.taps().size(); i++) {
            wanted.put("labelled.tap" + i, tower.taps().get(i));
        }
        SDVariable t = ops.constant("t", text.t());
        wanted.put("labelled.gate.sim", HSQG.similarity(ops, t, tower.embedding()));
        HSQG.Output queries = HSQG.apply(root.at("hsqg"), t, tower.embedding(), ops.constant("presence", inputs.set().presence()),
            ops.constant("use_gt", inputs.useGt()), config.queries().levels(), config.gate());
        wanted.put("labelled.q_text", levels(ops, queries.queries()));
        HierVlNetwork.Features features = model.network().encode(root, images, DensePath.NONE);
        for (int i = 0; i < config.decoders().nEnc(); i++) {
            ModelConfig shallow = withLayers(i + 1);
            PixelDecoder.Output out =
                new PixelDecoder(shallow).apply(root.at("pixel_decoder"), features.pyramid(), queries.queries(), queries.factor());
            wanted.put("labelled.q_after_layer" + i, levels(ops, out.queries()));
        }
        return run(ops, wanted, Map.of());
    }

    private ModelConfig withLayers(int layers) {
        String yaml = model.recipe().toYaml();
        return Recipes.parse(yaml.replace("n_enc: " + model.recipe().model().decoders().nEnc(), "n_enc: " + layers), "shallow").model();
    }

    /** Levels (B,K,D) side by side as (B,L,K,D). */
    private static SDVariable levels(Ops ops, List<SDVariable> queries) {
        long[] s = ops.shape(queries.get(0));
        return ops.concat(1, queries.stream().map(q -> ops.reshape(q, s[0], 1, s[1], s[2])).toArray(SDVariable[]::new));
    }

    Believed beliefs() {
        return beliefs;
    }

    /** Pixels whose two best classes are equally likely up to rounding. */
    boolean[] doubtful() {
        INDArray weak = golden.batch.unlabelled().weak();
        INDArray z = InferenceGraph.of(model, weak.shape(), 1).z(weak);
        int k = (int) z.size(1);
        int pixels = (int) (z.size(2) * z.size(3));
        double[] values = z.reshape(z.length()).castTo(org.nd4j.linalg.api.buffer.DataType.DOUBLE).toDoubleVector();
        boolean[] doubtful = new boolean[(int) z.size(0) * pixels];
        for (int i = 0; i < doubtful.length; i++) {
            double best = Double.NEGATIVE_INFINITY;
            double second = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < k; c++) {
                double v = values[(i / pixels * k + c) * pixels + i % pixels];
                second = v > best ? best : Math.max(second, v);
                best = Math.max(best, v);
            }
            doubtful[i] = best - second < 1e-3;
        }
        return doubtful;
    }

    Map<String, INDArray> unlabelled() {
        Map<String, INDArray> found = new LinkedHashMap<>();
        found.put("weak.confidence", beliefs.confidence());
        found.put("weak.guidance_label", beliefs.guidance());
        found.put("weak.guidance_scores",
            arrays.onHost(frozen.classScores(Nd4jTensors.of(golden.batch.unlabelled().weak()), arrays)));
        UnlabelledBatch batch = golden.batch.unlabelled();
        view("weak", View.S1, targets.view(View.S1, batch.weak(), beliefs, golden), found);
        view("strong1", View.S1, targets.mixed(View.S1, batch, beliefs, beliefs, golden), found);
        view("strong2", View.S2, targets.mixed(View.S2, batch, beliefs, beliefs, golden), found);
        view("fp", View.FP, targets.view(View.FP, batch.weak(), beliefs, golden), found);
        return found;
    }

    /** Runs the graph of a view; with set losses, so that the predictions before every layer are there. */
    private void view(String name, View view, ViewTargets plain, Map<String, INDArray> found) {
        int count = (int) plain.images().size(0);
        ViewTargets masks =
            new ViewTargets(plain.images(), plain.believed(), plain.keep(), null, inputs.set(), new SetPoints.Seeds(new int[count]));
        Feed<ViewTargets> feed = Feed.of(masks);
        LossGraph<ViewTargets> graph =
            LossGraph.of(model, feed, 0, count, view == View.FP ? networks.perturbed(false) : networks.strong(), List.of());
        UnlabelledScene scene = (UnlabelledScene) graph.scene();
        Map<String, SDVariable> wanted = new LinkedHashMap<>();
        wanted.put(name + ".v", scene.features().v());
        wanted.put(name + ".gate.s", scene.output().gate().s());
        wanted.put(name + ".S", model.network().scores(graph.ops(), scene.output()));
        List<DQTD.Prediction> predictions = scene.output().predictions();
        for (int i = 0; i < predictions.size(); i++) {
            wanted.put("pred" + i + ".mask_logits", predictions.get(i).masks());
        }
        Map<String, INDArray> result = run(graph.ops(), wanted, feed.rows(graph.inputs(), 0, count));
        reset(result, "pred", scene.output());
        wanted.keySet().stream().filter(n -> n.startsWith(name + ".")).forEach(n -> found.put(n, result.get(n)));
    }

    /** Counts the rows of attention masks that would block everything and are reset. */
    private void reset(Map<String, INDArray> found, String prefix, HierVlNetwork.Output out) {
        for (int i = 0; i < out.predictions().size() - 1; i++) {
            int[] shape = out.pixels().shapes()[i % PixelDecoder.FEATURE_LEVELS];
            FusedOps ops = ops();
            SDVariable logits = ops.constant("logits", found.get(prefix + i + ".mask_logits"));
            Map<String, INDArray> r = run(ops, Map.of("mask", ops.attentionMask(logits, shape[0], shape[1]),
                "logits", ops.resize(logits, shape[0], shape[1], Resize.BILINEAR)), Map.of());
            INDArray best = r.get("logits").max(2, 3);
            INDArray open = r.get("mask").min(2);
            for (long row = 0; row < best.length(); row++) {
                resetRows += best.getDouble(row) < 0 && open.getDouble(row) == 1 ? 1 : 0;
            }
        }
    }

    int resetRows() {
        return resetRows;
    }

    Map<String, INDArray> masked() {
        ErasedTargets erased = targets.erased(golden.batch.labelled(), frozen, golden, arrays);
        Feed<ErasedTargets> feed = Feed.of(erased);
        LossGraph<ErasedTargets> graph = LossGraph.of(model, feed, 0, images(), networks.masked(), List.of());
        Map<String, INDArray> found =
            run(graph.ops(), Map.of("masked.x_mask", ((MaskedScene) graph.scene()).dense()), feed.rows(graph.inputs(), 0, images()));
        found.put("masked.x_ref", arrays.onHost(frozen.reference(Nd4jTensors.of(golden.batch.labelled().images()), arrays)));
        found.put("masked.selected", erased.patches().classes().gte(0).castTo(model.type()));
        return found;
    }
}
