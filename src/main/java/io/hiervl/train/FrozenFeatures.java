package io.hiervl.train;

import io.hiervl.HierVlException;
import io.hiervl.backbone.Backbone;
import io.hiervl.clip.DensePath;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.GraphRunner;
import io.hiervl.graph.ParameterStore;
import io.hiervl.loss.Input;
import io.hiervl.loss.Placeholders;
import io.hiervl.loss.Targets;
import io.hiervl.model.HierVlNetwork;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.RawArrays;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What a frozen image tower sees in images, computed once and {@linkplain KeptArrays kept}, as placeholders of the graphs that train
 * the rest: taps, v and, for terms of labelled images that read them, dense embeddings. Host only.
 */
final class FrozenFeatures {
    private final TrainingModel model;
    private final KeptArrays kept;
    private final boolean dense;
    private final String weights;
    private final List<Input<Targets>> inputs = new ArrayList<>();
    private final MicroBatches.Graphs<GraphRunner> graphs = new MicroBatches.Graphs<>();
    private Tensor last;
    private List<INDArray> seen;

    /** @param dense whether a view reads dense embeddings */
    FrozenFeatures(TrainingModel model, KeptArrays kept, boolean dense) {
        if (dense && !model.network().towers().aligned()) {
            throw HierVlException.config("train.tower_cache keeps nothing that is trained, and the projection of this image tower to texts "
                + "is; set loss.pt and loss.pt_unmasked to 0, or train.tower_cache to 0");
        }
        this.model = model;
        this.kept = kept;
        this.dense = dense;
        this.weights = fingerprint(model);
        int arrays = model.network().taps().size() + (dense ? 2 : 1);
        for (int i = 0; i < arrays; i++) {
            int at = i;
            inputs.add(Input.perImage("tower" + i, t -> of(t.images()).get(at)));
        }
    }

    /** What tells these weights and settings from others. */
    private static String fingerprint(TrainingModel model) {
        CRC32C crc = new CRC32C();
        for (ParameterStore.Parameter p : model.store().all()) {
            if (p.name().startsWith("vision.") || p.name().startsWith("frozen.vision.")) {
                crc.update(RawArrays.bytes(RawArrays.dense(p.array())).asByteBuffer());
            }
        }
        crc.update(RawArrays.bytes(RawArrays.dense(model.guidance().embeddings())).asByteBuffer());
        return Long.toHexString(crc.getValue()) + " " + model.recipe().model().compute().precision() + " " + model.network().taps();
    }

    /** Where {@link FrozenGraph} keeps its scores. */
    KeptArrays kept() {
        return kept;
    }

    /** {@code what} of {@link KeptArrays#of} for something that the frozen towers make. */
    String named(String what) {
        return what + " " + weights;
    }

    /** The tower's output as placeholders of a graph that is being built. */
    Backbone.Output placeholders(Placeholders<? extends Targets> in) {
        return output(inputs.stream().map(in::get).toList());
    }

    /** The tower's output as placeholders for images like these (b,3,H,W), without targets; {@link #values} gives their values. */
    Backbone.Output placeholders(FusedOps ops, Tensor images) {
        List<SDVariable> arrays = new ArrayList<>();
        values(images).forEach((name, value) -> arrays.add(ops.placeholder(name, value.shape())));
        return output(arrays);
    }

    /** Values by the names of their placeholders. */
    Map<String, Tensor> values(Tensor images) {
        Map<String, Tensor> values = new LinkedHashMap<>();
        List<INDArray> arrays = of(images);
        for (int i = 0; i < arrays.size(); i++) {
            values.put("tower" + i, Nd4jTensors.of(arrays.get(i)));
        }
        return values;
    }

    private Backbone.Output output(List<SDVariable> arrays) {
        int taps = model.network().taps().size();
        return new Backbone.Output(arrays.subList(0, taps), arrays.get(taps), dense ? arrays.get(taps + 1) : null);
    }

    /** Taps, v, dense embeddings of images (B,3,H,W). The last batch is remembered: its placeholders are filled one by one. */
    private synchronized List<INDArray> of(Tensor images) {
        if (images != last) {
            List<List<INDArray>> columns = new ArrayList<>();
            INDArray all = Nd4jTensors.array(images);
            for (int b = 0; b < all.size(0); b++) {
                List<INDArray> one = kept.of(named("tower"), Nd4jTensors.array(images.rows(b, b + 1)), this::run);
                for (int i = 0; i < one.size(); i++) {
                    if (columns.size() <= i) {
                        columns.add(new ArrayList<>());
                    }
                    columns.get(i).add(one.get(i));
                }
            }
            seen = columns.stream().map(c -> (c.size() == 1 ? c.get(0) : Nd4j.concat(0, c.toArray(new INDArray[0]))).castTo(model.type()))
                .toList();
            last = images;
        }
        return seen;
    }

    private List<INDArray> run(INDArray image) {
        GraphRunner runner = graphs.get(image.shape(), "", () -> build(image.shape()));
        try (GraphRunner.Result r = runner.run(Map.of("images", image))) {
            return IntStream.range(0, inputs.size()).mapToObj(i -> r.output(name(i)).dup('c')).toList();
        }
    }

    private static String name(int index) {
        return "out" + index;
    }

    private GraphRunner build(long[] shape) {
        FusedOps ops = model.newGraph();
        Backbone.Output out = model.network().tower(HierVlNetwork.root(ops, model.store()), ops.placeholder("images", shape),
            dense ? model.densePath() : DensePath.NONE);
        List<SDVariable> arrays = new ArrayList<>(out.taps());
        arrays.add(out.embedding());
        if (dense) {
            arrays.add(out.dense());
        }
        List<String> names = new ArrayList<>();
        for (int i = 0; i < arrays.size(); i++) {
            ops.named(arrays.get(i), name(i));
            names.add(name(i));
        }
        return ops.runner(names);
    }
}
