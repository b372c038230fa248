package io.hiervl.op;

import io.hiervl.op.kernel.LossKernel;
import io.hiervl.op.kernel.PromptTopologyKernel;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/** Equation 3, a scalar (1): factor * sum over i, j of (cos(t_i, t_j) - cos(c_i, c_j))^2. */
public final class PromptTopology extends LossOp {
    private static final LossKernel KERNEL = new PromptTopologyKernel();

    public PromptTopology() {
    }

    /**
     * @param t      (K,C) embeddings of the learnable prompt; differentiable, brought to unit length here
     * @param clip   (K,C) fixed prototypes
     * @param factor rescaling with K
     */
    public PromptTopology(SameDiff sd, SDVariable t, SDVariable clip, double factor) {
        super(sd, t, clip);
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
