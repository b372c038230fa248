package io.hiervl.loss;

import io.hiervl.backend.jvm.PixelCrossEntropyKernel;
import io.hiervl.config.LossConfig;
import io.hiervl.config.LossConfig.Confidence;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import io.hiervl.tensor.RawArrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Self-training on a strong view with the weak view's pseudo-labels: l_s1, l_s2 (UniMatch, SemiVL; docs/paper.md 8.3). */
public final class StrongViewLoss implements Term<UnlabelledScene> {
    private final LossConfig.Consistency settings;
    private final Input<ViewTargets> weights;

    StrongViewLoss(LossConfig loss) {
        this.settings = loss.consistency();
        this.weights = Input.late("self_weights",
            t -> weights(t.believed().confidence(), t.believed().valid(), settings.threshold(), settings.confidence()));
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

    /**
     * Weights (B,H,W) of a whole batch, denominators included.
     *
     * <p>PIXELWISE: 1 / valid pixels of the batch where the confidence reaches the threshold. PIXELAVG: every valid pixel
     * of an image counts with the image's mean confidence / valid pixels of the image / B. The mean is taken per image:
     * SemiVL's code multiplies the sum over the batch by it, which is right for one image only.
     *
     * @param confidence (B,H,W)
     * @param valid      (B,H,W), 1 where there is an image and 0 on padding
     */
    static INDArray weights(INDArray confidence, INDArray valid, double threshold, Confidence mode) {
        INDArray c = RawArrays.dense(confidence);
        INDArray v = RawArrays.dense(valid);
        double all = Math.max(1, valid.sumNumber().doubleValue());
        long batch = valid.size(0);
        return Maps.perImage(confidence.dataType(), valid.shape(), b -> {
            double[] w = Maps.image(c, b);
            double[] counts = Maps.image(v, b);
            if (mode == Confidence.PIXELAVG) {
                double count = Math.max(1, Maps.sum(counts));
                double sum = 0;
                for (int i = 0; i < w.length; i++) {
                    sum += counts[i] * w[i];
                }
                for (int i = 0; i < w.length; i++) {
                    w[i] = counts[i] * sum / count / count / batch;
                }
            } else {
                for (int i = 0; i < w.length; i++) {
                    w[i] = w[i] >= threshold ? counts[i] / all : 0;
                }
            }
            return w;
        });
    }

    /** Share of valid pixels that reach the threshold, UniMatch's mask ratio; 0 if there is no valid pixel. */
    public static double maskRatio(INDArray confidence, INDArray valid, double threshold) {
        INDArray c = RawArrays.dense(confidence);
        INDArray v = RawArrays.dense(valid);
        double passed = 0;
        double all = 0;
        for (int b = 0; b < valid.size(0); b++) {
            double[] confidences = Maps.image(c, b);
            double[] counts = Maps.image(v, b);
            for (int i = 0; i < counts.length; i++) {
                passed += confidences[i] >= threshold ? counts[i] : 0;
                all += counts[i];
            }
        }
        return passed / Math.max(1, all);
    }

    /** The scalar (1) from scores z (B,K,H,W), pseudo-labels (B,H,W) and weights (B,H,W), both after CutMix. */
    static SDVariable build(Ops ops, SDVariable z, SDVariable labels, SDVariable weights) {
        return new Loss(new PixelCrossEntropyKernel()).apply(ops.sd(), ops.path(), z, labels, weights);
    }
}
