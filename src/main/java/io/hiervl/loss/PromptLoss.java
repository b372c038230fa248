package io.hiervl.loss;

import io.hiervl.config.LossConfig;
import java.util.List;

/** Equation 5 of the paper, L_prompt = L_topo + L_anchor: both have one weight. */
final class PromptLoss {
    private PromptLoss() {
    }

    static List<Term<?>> terms(LossConfig loss) {
        return List.of(new PromptTopologyLoss(loss.prompt()), new PromptAnchorLoss(loss.prompt()));
    }

    static double weight(LossConfig.Prompt settings) {
        return settings.weight();
    }
}
