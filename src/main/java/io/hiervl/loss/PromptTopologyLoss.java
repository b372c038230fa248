package io.hiervl.loss;

import io.hiervl.backend.jvm.PromptTopologyKernel;
import io.hiervl.config.LossConfig;
import io.hiervl.config.LossConfig.TopoRescale;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import org.nd4j.autodiff.samediff.SDVariable;

/** Equation 3 of the paper: the similarities between classes stay as the fixed prompts have them. */
public final class PromptTopologyLoss implements Term<PromptScene> {
    private final LossConfig.Prompt settings;

    PromptTopologyLoss(LossConfig.Prompt settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return "topo";
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
        return build(scene.ops(), scene.t(), scene.prototypes(), settings.topoRescale());
    }

    /** The scalar (1) from t (K,C) of the learnable prompt, and clip (K,C), the fixed prototypes; rescaled with the number of classes. */
    public static SDVariable build(Ops ops, SDVariable t, SDVariable clip, TopoRescale rescale) {
        return new Loss(new PromptTopologyKernel(Rescale.factor(rescale, (int) ops.shape(clip)[0], 2))).apply(ops.sd(), ops.path(), t,
            clip);
    }
}
