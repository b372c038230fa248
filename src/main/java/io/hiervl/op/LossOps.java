package io.hiervl.op;

import java.util.List;
import java.util.function.Supplier;

/** Ops of the losses: matching, set loss, per-pixel terms. */
final class LossOps {
    static final List<Supplier<? extends JavaOp>> ALL = List.of(
        FixedMatching::new,
        WeightedSum::new, WeightedSum.Backward::new,
        ConfidentRows::new,
        PixelCrossEntropy::new, PixelCrossEntropy.Gradient::new,
        PixelEntropy::new, PixelEntropy.Gradient::new,
        GateBce::new, GateBce.Gradient::new,
        QueryText::new, QueryText.Gradient::new,
        MaskedPatches::new, MaskedPatches.Gradient::new,
        PromptTopology::new, PromptTopology.Gradient::new,
        PromptAnchor::new, PromptAnchor.Gradient::new,
        SetLoss::new, SetLoss.Gradient::new
    );

    private LossOps() {
    }
}
