package io.hiervl.loss;

import io.hiervl.backend.jvm.PixelCrossEntropyKernel;
import io.hiervl.config.LossConfig;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Tensor;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Cross-entropy against the labels of the frozen CLIP: g_s1, g_s2, g_fp (SemiVL, conf_mode {@code mean_all}; docs/paper.md 8.3).
 * Divided by all pixels, ignored ones included.
 */
public final class GuidanceLoss implements Term<UnlabelledScene> {
    private static final Input<ViewTargets> LABELS = Input.tensor("guidance_labels", t -> t.believed().guidanceMap());
    private static final Input<ViewTargets> WEIGHTS = Input.tensor("guidance_weights", t -> weights(t.believed()));

    private final LossConfig.Guidance settings;

    GuidanceLoss(LossConfig loss) {
        this.settings = loss.guidance();
    }

    @Override
    public String name() {
        return "guidance";
    }

    @Override
    public Class<UnlabelledScene> scene() {
        return UnlabelledScene.class;
    }

    @Override
    public boolean language() {
        return true;
    }

    @Override
    public double weight(View view, double progress) {
        return settings.at(progress) * (view.strong() ? settings.strong() : settings.feature());
    }

    @Override
    public SDVariable build(UnlabelledScene scene) {
        return build(scene.ops(), scene.z(), scene.in(LABELS), scene.in(WEIGHTS));
    }

    /** Weights (B,H,W): 1 / number of all pixels; those without a label count in the denominator alone. */
    private static Tensor weights(Believed believed) {
        return believed.filled(1.0 / believed.guidanceMap().length());
    }

    /** The same for labels of the host. */
    static INDArray weights(INDArray labels) {
        return Nd4jTensors.array(weights(new Believed(labels, labels, labels, labels)));
    }

    /** The scalar (1) from scores z (B,K,H,W), guidance labels (B,H,W) with 255 for none, and weights (B,H,W). */
    static SDVariable build(Ops ops, SDVariable z, SDVariable labels, SDVariable weights) {
        return new Loss(new PixelCrossEntropyKernel()).apply(ops.sd(), ops.path(), z, labels, weights);
    }
}
