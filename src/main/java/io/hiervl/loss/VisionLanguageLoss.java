package io.hiervl.loss;

import io.hiervl.config.LossConfig;
import io.hiervl.config.LossConfig.VlNesting;
import java.util.List;

/** Equation 8 of the paper, L_vl of L_align and L_mask: how their weights go together (docs/paper.md 8.6, A-14). */
final class VisionLanguageLoss {
    private VisionLanguageLoss() {
    }

    static List<Term<?>> terms(LossConfig loss) {
        return List.of(new MaskedConsistencyLoss(loss.masked()), new PixelTextLoss(loss.masked()));
    }

    /** Weight of L_align, equation 7. */
    static double pixelText(LossConfig.Masked settings) {
        return settings.pt();
    }

    /** Weight of L_mask, equation 6: one of its own, or one inside L_vl. */
    static double consistency(LossConfig.Masked settings) {
        return settings.vlNesting() == VlNesting.NESTED ? settings.pt() * settings.mask() : settings.mask();
    }
}
