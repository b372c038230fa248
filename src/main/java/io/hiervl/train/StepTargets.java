package io.hiervl.train;

import io.hiervl.config.LossConfig;
import io.hiervl.config.ModelConfig.GateMode;
import io.hiervl.data.CutMix;
import io.hiervl.data.LabelledBatch;
import io.hiervl.data.UnlabelledBatch;
import io.hiervl.graph.StepArrays;
import io.hiervl.loss.Believed;
import io.hiervl.loss.ErasedTargets;
import io.hiervl.loss.FixedMatcher;
import io.hiervl.loss.LabelledTargets;
import io.hiervl.loss.Lazy;
import io.hiervl.loss.MaskTargets;
import io.hiervl.loss.SetTargets;
import io.hiervl.loss.View;
import io.hiervl.loss.ViewTargets;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Makes the targets of a step's views: everything random or known before the network runs. */
final class StepTargets {

    private final TrainingModel model;
    private final LossConfig loss;
    private final MicroBatches.Graphs<FixedMatcher> matchers = new MicroBatches.Graphs<>();

    StepTargets(TrainingModel model) {
        this.model = model;
        this.loss = model.recipe().loss();
    }

    LabelledTargets labelled(LabelledBatch batch, Draws draws) {
        INDArray labels = batch.labels();
        int n = (int) labels.size(0);
        SetTargets set = matcher(labels, model.maskStride()).match(labels);
        return new LabelledTargets(Nd4jTensors.of(batch.images()), labels, set, draws.points("labelled", n),
            useGt(set, draws.truthGates(n, loss.gate().gtGateProbability())),
            new Lazy<>(() -> MaskTargets.allPatches(labels, model.maskRules())));
    }

    private FixedMatcher matcher(INDArray labels, int stride) {
        return matchers.get(labels.shape(), "/" + stride, () -> model.matcher(labels.size(1), labels.size(2), stride));
    }

    /** Without any valid pixel there is no ground truth to gate with. */
    private INDArray useGt(SetTargets targets, boolean[] coins) {
        GateMode mode = model.recipe().model().gate().mode();
        boolean[] valid = targets.valid();
        INDArray use = model.filled(0, valid.length);
        for (int b = 0; b < valid.length; b++) {
            use.putScalar(b, valid[b] && (mode == GateMode.GT || mode == GateMode.MIX && coins[b]) ? 1 : 0);
        }
        return use;
    }

    /** CutMix of a strong view; a batch of one takes its partner from another batch. */
    ViewTargets mixed(View view, UnlabelledBatch batch, Believed own, Believed other, Draws draws) {
        UnlabelledBatch partner = batch.partner() == null ? batch : batch.partner();
        boolean first = view == View.S1;
        List<CutMix.Box> boxes = first ? batch.boxes1() : batch.boxes2();
        List<CutMix.Box> small = boxes.stream().map(b -> b == null ? null : b.atStride(model.unlabelledStride())).toList();
        Tensor images = Nd4jTensors.of(first ? batch.strong1() : batch.strong2());
        Tensor others = Nd4jTensors.of(first ? partner.strong1() : partner.strong2());
        return view(view, Believed.mix(own.arrays(), images, others, boxes), own.with(other, small), draws);
    }

    /** A view of unlabelled images (U,3,H,W) of the host with what is believed about it. */
    ViewTargets view(View view, INDArray images, Believed believed, Draws draws) {
        return view(view, Nd4jTensors.of(images), believed, draws);
    }

    private ViewTargets view(View view, Tensor images, Believed believed, Draws draws) {
        int n = (int) images.size(0);
        List<Integer> channels = model.network().droppable();
        double rate = loss.consistency().featureDropout();
        List<INDArray> keep = view.strong() ? List.of()
            : IntStream.range(0, channels.size()).mapToObj(i -> draws.channels(i, n, channels.get(i), rate).castTo(model.type())).toList();
        if (!loss.unlabelled().selfTrainSet()) {
            return new ViewTargets(images, believed, keep);
        }
        INDArray confident = believed.confident(loss.consistency().threshold());
        SetTargets set = matcher(confident, model.maskStride() / model.unlabelledStride()).matchPseudo(confident, believed.confident(0));
        return new ViewTargets(images, believed, keep, confident, set, draws.points(view.name(""), n));
    }

    /** Images with one class erased, which the frozen tower sees whole. */
    ErasedTargets erased(LabelledBatch batch, FrozenGraph frozen, Draws draws, StepArrays arrays) {
        MaskTargets.Rules rules = model.maskRules();
        MaskTargets targets = MaskTargets.of(batch.labels(), rules, draws.erased(MaskTargets.suitable(batch.labels(), rules)));
        Tensor images = Nd4jTensors.of(batch.images());
        return new ErasedTargets(targets.erase(images, arrays), targets.patches(),
            (from, to) -> frozen.reference(arrays.place(images).rows(from, to), arrays));
    }
}
