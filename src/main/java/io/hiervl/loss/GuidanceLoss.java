package io.hiervl.loss;

import io.hiervl.backend.jvm.PixelCrossEntropyKernel;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Cross-entropy against the labels of the frozen CLIP: g_s1, g_s2, g_fp (SemiVL, conf_mode {@code mean_all}; docs/paper.md 8.3).
 * Divided by all pixels, ignored ones included.
 */
public final class GuidanceLoss {
    private GuidanceLoss() {
    }

    /** Weights (B,H,W): 1 / number of all pixels; those without a label count in the denominator alone. */
    public static INDArray weights(INDArray labels) {
        return Nd4j.valueArrayOf(labels.shape(), 1.0 / labels.length(), labels.dataType());
    }

    /** The scalar (1) from scores z (B,K,H,W), guidance labels (B,H,W) with 255 for none, and weights (B,H,W). */
    public static SDVariable build(Ops ops, SDVariable z, SDVariable labels, SDVariable weights) {
        return new Loss(new PixelCrossEntropyKernel()).apply(ops.sd(), z, labels, weights);
    }
}
