package io.hiervl.op;

import io.hiervl.op.kernel.LossKernel;
import io.hiervl.op.kernel.MaskedPatchesKernel;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/** Equation 6 or 7 on selected patches, a scalar (1): the sum of w (1 - cos(x, ref)), or of w times the cross-entropy of
 * cos(x, t) / tau against the patch's class. */
public final class MaskedPatches extends LossOp {
    private static final LossKernel KERNEL = new MaskedPatchesKernel();

    public MaskedPatches() {
    }

    /** Equation 6, which asks t for nothing but the number of classes, or equation 7, which does not look at ref. */
    public enum Equation { CONSISTENCY, TEXT }

    /**
     * @param x        (B,N,C) dense embeddings of the erased image; differentiable
     * @param t        (K,C) text embeddings; differentiable
     * @param ref      (B,N,C) embeddings by the frozen encoder of the whole image
     * @param classes  (B,N) class of every patch
     * @param weights  (B,N), with all denominators in them; 0: not selected
     * @param tau      temperature of equation 7
     */
    public MaskedPatches(SameDiff sd, SDVariable x, SDVariable t, SDVariable ref, SDVariable classes, SDVariable weights, double tau,
                         Equation equation) {
        super(sd, x, t, ref, classes, weights);
        addTArgument(tau);
        addIArgument(equation.ordinal());
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
