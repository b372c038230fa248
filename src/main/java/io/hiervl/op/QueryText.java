package io.hiervl.op;

import io.hiervl.op.kernel.LossKernel;
import io.hiervl.op.kernel.QueryTextKernel;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/** Equation 2: sum over rows of w |x - t_class|^2, a scalar (1). */
public final class QueryText extends LossOp {
    private static final LossKernel KERNEL = new QueryTextKernel();

    public QueryText() {
    }

    /**
     * @param x         (B,Q,C), Phi of the queries; differentiable
     * @param t         (K,C) text embeddings; differentiable unless detached
     * @param rowClass  (B,Q), class of every row; outside 0..K-1: the row is left out
     * @param weights   (B,Q), with all denominators in them
     * @param normalise bring both sides to unit length first
     * @param detach    t gets no gradient
     */
    public QueryText(SameDiff sd, SDVariable x, SDVariable t, SDVariable rowClass, SDVariable weights, boolean normalise,
                     boolean detach) {
        super(sd, x, t, rowClass, weights);
        addIArgument(normalise ? 1 : 0, detach ? 1 : 0);
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
