package io.hiervl.op;

import io.hiervl.op.kernel.LossKernel;
import io.hiervl.op.kernel.GateBceKernel;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/** Binary cross-entropy of the gate, balanced between present and absent classes (hiervl.md 3.3), a scalar (1): sum over
 * images of w_b (mean over present + mean over absent) / 2, where an empty group adds 0. */
public final class GateBce extends LossOp {
    private static final LossKernel KERNEL = new GateBceKernel();

    public GateBce() {
    }

    /**
     * @param logit    (B,K); differentiable
     * @param presence (B,K), 0 or 1
     * @param weights  (B), with all denominators in them; 0 skips an image
     */
    public GateBce(SameDiff sd, SDVariable logit, SDVariable presence, SDVariable weights) {
        super(sd, logit, presence, weights);
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
