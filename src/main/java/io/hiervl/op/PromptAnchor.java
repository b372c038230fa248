package io.hiervl.op;

import io.hiervl.op.kernel.LossKernel;
import io.hiervl.op.kernel.PromptAnchorKernel;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/** Equation 4, a scalar (1): factor * sum over k of |f_k - c_k|^power - lambda sum or mean over j != k of
 * log(1 + |f_k - f_j|), with distances sqrt(d^2 + eps). */
public final class PromptAnchor extends LossOp {
    private static final LossKernel KERNEL = new PromptAnchorKernel();

    public PromptAnchor() {
    }

    /**
     * @param f      (K,C), Phi of the prompt embeddings; differentiable
     * @param clip   (K,C) fixed prototypes
     * @param lambda weight of the repulsion
     * @param power  1 or 2
     * @param mean   mean over j (else the sum, which is what the paper prints)
     * @param eps    inside the roots
     * @param factor rescaling with K
     */
    public PromptAnchor(SameDiff sd, SDVariable f, SDVariable clip, double lambda, int power, boolean mean, double eps, double factor) {
        super(sd, f, clip);
        addIArgument(power, mean ? 1 : 0);
        addTArgument(lambda, eps, factor);
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
