package io.hiervl.loss;

import io.hiervl.config.LossConfig.Confidence;
import io.hiervl.graph.Ops;
import io.hiervl.op.PixelCrossEntropy;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Self-training on a strong view with the weak view's pseudo-labels: l_s1, l_s2 (UniMatch, SemiVL; hiervl.md 8.3). */
public final class StrongViewLoss {
    private StrongViewLoss() {
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
    public static INDArray weights(INDArray confidence, INDArray valid, double threshold, Confidence mode) {
        double[] c = Maps.read(confidence);
        double[] v = Maps.read(valid);
        int batch = (int) valid.size(0);
        int pixels = v.length / batch;
        double[] w = new double[v.length];
        double all = Math.max(1, Maps.sum(v));
        for (int b = 0; b < batch; b++) {
            double count = 0;
            double sum = 0;
            for (int i = b * pixels; i < (b + 1) * pixels; i++) {
                count += v[i];
                sum += v[i] * c[i];
            }
            double mean = sum / Math.max(1, count);
            for (int i = b * pixels; i < (b + 1) * pixels; i++) {
                w[i] = mode == Confidence.PIXELAVG ? v[i] * mean / Math.max(1, count) / batch
                    : c[i] >= threshold ? v[i] / all : 0;
            }
        }
        return Maps.like(confidence, w);
    }

    /** Share of valid pixels that reach the threshold; 0 if there is no valid pixel. */
    public static double maskRatio(INDArray confidence, INDArray valid, double threshold) {
        double[] c = Maps.read(confidence);
        double[] v = Maps.read(valid);
        double passed = 0;
        for (int i = 0; i < v.length; i++) {
            passed += c[i] >= threshold ? v[i] : 0;
        }
        return passed / Math.max(1, Maps.sum(v));
    }

    /** The scalar (1) from scores z (B,K,H,W), pseudo-labels (B,H,W) and weights (B,H,W), both after CutMix. */
    public static SDVariable build(Ops ops, SDVariable z, SDVariable labels, SDVariable weights) {
        return new PixelCrossEntropy(ops.sd(), z, labels, weights).outputVariable();
    }
}
