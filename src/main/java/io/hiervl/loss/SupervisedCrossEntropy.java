package io.hiervl.loss;

import io.hiervl.graph.Ops;
import io.hiervl.op.PixelCrossEntropy;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Per-pixel cross-entropy on labelled images, mean over valid pixels (SemiVL's loss_x; hiervl.md 8.2). */
public final class SupervisedCrossEntropy {
    private SupervisedCrossEntropy() {
    }

    /**
     * Weights (B,H,W) of a whole batch: 1 / number of valid pixels on valid pixels, else 0.
     *
     * @param labels (B,H,W); values outside 0..classes-1 are ignored
     */
    public static INDArray weights(INDArray labels, int classes) {
        double[] l = Maps.read(labels);
        int valid = 0;
        for (double v : l) {
            valid += Maps.isClass(v, classes) ? 1 : 0;
        }
        for (int i = 0; i < l.length; i++) {
            l[i] = Maps.isClass(l[i], classes) ? 1.0 / valid : 0;
        }
        return Maps.like(labels, l);
    }

    /** The scalar (1) from scores z (B,K,H,W), labels (B,H,W) and weights (B,H,W). */
    public static SDVariable build(Ops ops, SDVariable z, SDVariable labels, SDVariable weights) {
        return new PixelCrossEntropy(ops.sd(), z, labels, weights).outputVariable();
    }
}
