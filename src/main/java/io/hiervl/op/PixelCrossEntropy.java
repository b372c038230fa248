package io.hiervl.op;

import io.hiervl.op.kernel.LossKernel;
import io.hiervl.op.kernel.PixelCrossEntropyKernel;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/** Weighted sum of per-pixel cross-entropies, a scalar (1): sum of w * (log sum exp z - z_label). Pixels of weight 0
 * or with a label outside 0..K-1 (255, 254) add exactly nothing, also to the gradient. */
public final class PixelCrossEntropy extends LossOp {
    private static final LossKernel KERNEL = new PixelCrossEntropyKernel();

    public PixelCrossEntropy() {
    }

    /**
     * @param z       (B,K,H,W) scores; differentiable
     * @param labels  (B,H,W)
     * @param weights (B,H,W), with all denominators in them
     */
    public PixelCrossEntropy(SameDiff sd, SDVariable z, SDVariable labels, SDVariable weights) {
        super(sd, z, labels, weights);
    }

    @Override
    LossKernel kernel() {
        return KERNEL;
    }

    @Override
    Backward backward(SDVariable[] inputs) {
        return new Gradient(sameDiff, inputs);
    }

    /** Backward op. */
    public static final class Gradient extends Backward {
        public Gradient() {
        }

        Gradient(SameDiff sd, SDVariable... inputs) {
            super(sd, inputs);
        }

        @Override
        LossKernel kernel() {
            return KERNEL;
        }
    }
}
