package io.hiervl.loss;

import io.hiervl.backend.jvm.MaskedPatchesKernel;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import org.nd4j.autodiff.samediff.SDVariable;

/** Equation 7, L_align of pixels and text: patches name their class; {@code pt} in logs (docs/paper.md 8.6). */
public final class PixelTextLoss {
    private PixelTextLoss() {
    }

    /**
     * The scalar (1): sum of w CE(cos(x, t) / tau, class).
     *
     * @param x       (B,N,C) dense embeddings
     * @param t       (K,C) text embeddings of the learnable prompt
     * @param classes (B,N) class of each patch, see {@link MaskTargets}
     * @param weights (B,N), 1 / number of selected patches of the batch on these
     * @param tau     temperature, 0.07 in the paper
     */
    public static SDVariable build(Ops ops, SDVariable x, SDVariable t, SDVariable classes, SDVariable weights, double tau) {
        return new Loss(new MaskedPatchesKernel(tau, MaskedPatchesKernel.Equation.TEXT)).apply(ops.sd(), x, t, ops.stopGradient(x), classes, weights);
    }
}
