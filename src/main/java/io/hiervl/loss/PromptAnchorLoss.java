package io.hiervl.loss;

import io.hiervl.backend.jvm.PromptAnchorKernel;
import io.hiervl.config.LossConfig;
import io.hiervl.config.LossConfig.Reduction;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.model.Phi;
import io.hiervl.op.Loss;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Equation 4 of the paper: embeddings stay near their fixed prototype and apart from each other. The mean over j and unit length bound
 * the repulsion; with the sum, as printed, 150 classes would be pushed 13 units away (docs/paper.md 8.5).
 */
public final class PromptAnchorLoss implements Term<PromptScene> {
    private final LossConfig.Prompt settings;

    PromptAnchorLoss(LossConfig.Prompt settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return "anchor";
    }

    @Override
    public Class<PromptScene> scene() {
        return PromptScene.class;
    }

    @Override
    public boolean language() {
        return true;
    }

    @Override
    public boolean headline() {
        return false;
    }

    @Override
    public double weight(View view, double progress) {
        return PromptLoss.weight(settings);
    }

    @Override
    public SDVariable build(PromptScene scene) {
        Scope phi = scene.root().at("phi_text");
        SDVariable f = settings.phiLiteral() ? Phi.textLiteral(phi, scene.t()) : Phi.text(phi, scene.t());
        return build(scene.ops(), f, scene.prototypes(), settings);
    }

    /** The scalar (1) from f (K,C), Phi of the prompt embeddings, and clip (K,C), unit prototypes. */
    public static SDVariable build(Ops ops, SDVariable f, SDVariable clip, LossConfig.Prompt settings) {
        double rescale = Rescale.factor(settings.topoRescale(), (int) ops.shape(clip)[0], 1);
        return new Loss(new PromptAnchorKernel(settings.lambdaRep(), settings.anchorPower(), settings.repulsion() == Reduction.MEAN,
            settings.promptEpsilon(), rescale)).apply(ops.sd(), ops.path(), f, clip);
    }
}
