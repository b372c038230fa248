package io.hiervl.loss;

import io.hiervl.backend.jvm.MaskedPatchesKernel;
import io.hiervl.config.LossConfig;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import org.nd4j.autodiff.samediff.SDVariable;

/** Equation 7 of the paper, L_align of pixels and text: patches name their class; {@code pt} in logs (docs/paper.md 8.6). */
final class PixelTextLoss implements Term<MaskedScene> {
    private final LossConfig.Masked settings;

    PixelTextLoss(LossConfig.Masked settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return "pt";
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
        return VisionLanguageLoss.pixelText(settings);
    }

    @Override
    public double count(Targets targets) {
        return ((ErasedTargets) targets).patches().count();
    }

    @Override
    public SDVariable build(MaskedScene scene) {
        return build(scene.ops(), scene.dense(), scene.t(), scene.in(ErasedTargets.PATCH_CLASSES),
            scene.in(ErasedTargets.PATCH_WEIGHTS), settings.tau());
    }

    /** The same on all patches of whole labelled images. */
    static final class Unmasked implements Term<LabelledScene> {
        private static final Input<LabelledTargets> CLASSES = Input.perImage("patch_classes", t -> t.patches().get().classes());
        private static final Input<LabelledTargets> WEIGHTS = Input.perImage("patch_weights", t -> t.patches().get().weights());

        private final LossConfig.Masked settings;

        Unmasked(LossConfig loss) {
            this.settings = loss.masked();
        }

        @Override
        public String name() {
            return "pt_unmasked";
        }

        @Override
        public Class<LabelledScene> scene() {
            return LabelledScene.class;
        }

        @Override
        public boolean language() {
            return true;
        }

        @Override
        public boolean dense() {
            return true;
        }

        @Override
        public boolean headline() {
            return false;
        }

        @Override
        public double weight(View view, double progress) {
            return settings.ptUnmasked();
        }

        @Override
        public double count(Targets targets) {
            return ((LabelledTargets) targets).patches().get().count();
        }

        @Override
        public SDVariable build(LabelledScene scene) {
            return PixelTextLoss.build(scene.ops(), scene.features().dense(), scene.t(), scene.in(CLASSES), scene.in(WEIGHTS),
                settings.tau());
        }
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
    static SDVariable build(Ops ops, SDVariable x, SDVariable t, SDVariable classes, SDVariable weights, double tau) {
        return new Loss(new MaskedPatchesKernel(tau, MaskedPatchesKernel.Equation.TEXT)).apply(ops.sd(), ops.path(), x, t,
            ops.stopGradient(x), classes,
            weights);
    }
}
