package io.hiervl.loss;

import io.hiervl.backend.jvm.MaskedPatchesKernel;
import io.hiervl.config.LossConfig;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import org.nd4j.autodiff.samediff.SDVariable;

/** Equation 6 of the paper: where a class was erased, the embedding stays what the frozen encoder saw in the whole image. */
final class MaskedConsistencyLoss implements Term<MaskedScene> {
    private static final Input<ErasedTargets> REFERENCE = Input.cut("reference", ErasedTargets::reference);

    private final LossConfig.Masked settings;

    MaskedConsistencyLoss(LossConfig.Masked settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return "mask";
    }

    @Override
    public Class<MaskedScene> scene() {
        return MaskedScene.class;
    }

    @Override
    public boolean language() {
        return true;
    }

    @Override
    public double weight(View view, double progress) {
        return VisionLanguageLoss.consistency(settings);
    }

    @Override
    public double count(Targets targets) {
        return ((ErasedTargets) targets).patches().count();
    }

    @Override
    public SDVariable build(MaskedScene scene) {
        // the reference is a pass of the frozen tower: its shape is known without it
        SDVariable reference = scene.in(REFERENCE, scene.ops().shape(scene.dense()));
        return build(scene.ops(), scene.dense(), scene.t(), reference, scene.in(ErasedTargets.PATCH_CLASSES),
            scene.in(ErasedTargets.PATCH_WEIGHTS));
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
    static SDVariable build(Ops ops, SDVariable x, SDVariable t, SDVariable ref, SDVariable classes, SDVariable weights) {
        return new Loss(new MaskedPatchesKernel(1, MaskedPatchesKernel.Equation.CONSISTENCY)).apply(ops.sd(), ops.path(), x, t, ref,
            classes, weights);
    }
}
