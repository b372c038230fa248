package io.hiervl.loss;

import io.hiervl.backend.jvm.PixelCrossEntropyKernel;
import io.hiervl.config.LossConfig;
import io.hiervl.config.LossConfig.Confidence;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import io.hiervl.tensor.Nd4jTensors;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Self-training on a strong view with the weak view's pseudo-labels: l_s1, l_s2 (UniMatch, SemiVL; docs/paper.md 8.3). */
public final class StrongViewLoss implements Term<UnlabelledScene> {
    private final LossConfig.Consistency settings;
    private final Input<ViewTargets> weights;

    StrongViewLoss(LossConfig loss) {
        this.settings = loss.consistency();
        this.weights = Input.late("self_weights",
            t -> t.believed().weights(settings.threshold(), settings.confidence()));
    }

    @Override
    public String name() {
        return "self";
    }

    @Override
    public Class<UnlabelledScene> scene() {
        return UnlabelledScene.class;
    }

    @Override
    public double weight(View view, double progress) {
        return view.strong() ? settings.strong() : 0;
    }

    @Override
    public double count(Targets targets) {
        return count((ViewTargets) targets, settings.confidence());
    }

    /** What {@link #weights} divide by: valid pixels, or images where every image has its own mean. */
    static double count(ViewTargets targets, Confidence mode) {
        return mode == Confidence.PIXELAVG ? targets.images().size(0) : targets.believed().valid().sumNumber().doubleValue();
    }

    @Override
    public SDVariable build(UnlabelledScene scene) {
        return build(scene.ops(), scene.z(), scene.in(ViewTargets.PSEUDO_LABELS), scene.in(weights));
    }

    /** As {@link Believed#weights}, on the host. */
    static INDArray weights(INDArray confidence, INDArray valid, double threshold, Confidence mode) {
        return Nd4jTensors.array(new Believed(confidence, confidence, valid, confidence).weights(threshold, mode));
    }

    /** The scalar (1) from scores z (B,K,H,W), pseudo-labels (B,H,W) and weights (B,H,W), both after CutMix. */
    static SDVariable build(Ops ops, SDVariable z, SDVariable labels, SDVariable weights) {
        return new Loss(new PixelCrossEntropyKernel()).apply(ops.sd(), ops.path(), z, labels, weights);
    }
}
