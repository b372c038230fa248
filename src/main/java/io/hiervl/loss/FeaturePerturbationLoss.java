package io.hiervl.loss;

import io.hiervl.config.LossConfig;
import io.hiervl.config.LossConfig.Confidence;
import io.hiervl.graph.Ops;
import java.util.SplittableRandom;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Self-training on the weak view with channel dropout on the feature pyramid: l_fp (UniMatch; docs/paper.md 8.3). The same
 * pseudo-labels as for strong views, without CutMix.
 */
public final class FeaturePerturbationLoss implements Term<UnlabelledScene> {
    private final LossConfig.Consistency settings;
    private final Input<ViewTargets> weights;

    FeaturePerturbationLoss(LossConfig loss) {
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
        return view == View.FP ? settings.feature() : 0;
    }

    @Override
    public double count(Targets targets) {
        return StrongViewLoss.count((ViewTargets) targets, settings.confidence());
    }

    @Override
    public SDVariable build(UnlabelledScene scene) {
        return build(scene.ops(), scene.z(), scene.in(ViewTargets.PSEUDO_LABELS), scene.in(weights));
    }

    /** As {@link StrongViewLoss#weights}. */
    static INDArray weights(INDArray confidence, INDArray valid, double threshold, Confidence mode) {
        return StrongViewLoss.weights(confidence, valid, threshold, mode);
    }

    /** Factors of one image's channels on one map: 0 with probability rate, else 1 / (1 - rate). */
    public static double[] channelFactors(int channels, double rate, SplittableRandom random) {
        double[] f = new double[channels];
        for (int i = 0; i < channels; i++) {
            f[i] = random.nextDouble() < rate ? 0 : 1 / (1 - rate);
        }
        return f;
    }

    /** The scalar (1) from scores z (B,K,H,W) of the perturbed view, pseudo-labels (B,H,W) and weights (B,H,W). */
    static SDVariable build(Ops ops, SDVariable z, SDVariable labels, SDVariable weights) {
        return StrongViewLoss.build(ops, z, labels, weights);
    }
}
