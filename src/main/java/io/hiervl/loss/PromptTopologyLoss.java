package io.hiervl.loss;

import io.hiervl.backend.jvm.PromptTopologyKernel;
import io.hiervl.config.LossConfig.TopoRescale;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import org.nd4j.autodiff.samediff.SDVariable;

/** Equation 3: the similarities between classes stay as the fixed prompts have them. */
public final class PromptTopologyLoss {
    private final TopoRescale rescale;

    public PromptTopologyLoss(TopoRescale rescale) {
        this.rescale = rescale;
    }

    /** The scalar (1) from t (K,C) of the learnable prompt, and clip (K,C), the fixed prototypes. */
    public SDVariable build(Ops ops, SDVariable t, SDVariable clip) {
        return new Loss(new PromptTopologyKernel(Rescale.factor(rescale, (int) ops.shape(clip)[0], 2))).apply(ops.sd(), t, clip);
    }
}
