package io.hiervl.loss;

import io.hiervl.backend.jvm.MaskedPatchesKernel;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import org.nd4j.autodiff.samediff.SDVariable;

/** Equation 6: where a class was erased, the embedding stays what the frozen encoder saw in the whole image. */
public final class MaskedConsistencyLoss {
    private MaskedConsistencyLoss() {
    }

    /**
     * The scalar (1): sum of w (1 - cos(x, ref)).
     *
     * @param x       (B,N,C) dense embeddings of the erased images
     * @param t       (K,C) text embeddings; they give the number of classes and get no gradient from this term
     * @param ref     (B,N,C) by the frozen encoder from the whole images
     * @param classes (B,N) erased class of each patch, see {@link MaskTargets}
     * @param weights (B,N), 1 / number of selected patches of the batch on these
     */
    public static SDVariable build(Ops ops, SDVariable x, SDVariable t, SDVariable ref, SDVariable classes, SDVariable weights) {
        return new Loss(new MaskedPatchesKernel(1, MaskedPatchesKernel.Equation.CONSISTENCY)).apply(ops.sd(), x, t, ref, classes, weights);
    }
}
