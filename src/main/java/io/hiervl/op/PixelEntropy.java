package io.hiervl.op;

import io.hiervl.op.kernel.LossKernel;
import io.hiervl.op.kernel.PixelEntropyKernel;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/** Weighted sum of the entropies of softmax(factor * z) at every pixel, a scalar (1) (hiervl.md 8.4). */
public final class PixelEntropy extends LossOp {
    private static final LossKernel KERNEL = new PixelEntropyKernel();

    public PixelEntropy() {
    }

    /**
     * @param z       (B,K,H,W) scores; differentiable
     * @param weights (B,H,W), with all denominators in them
     * @param factor  temperature by which z was divided: it is undone here
     */
    public PixelEntropy(SameDiff sd, SDVariable z, SDVariable weights, double factor) {
        super(sd, z, weights);
        addTArgument(factor);
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
