package io.hiervl.loss;

import io.hiervl.backend.jvm.PromptAnchorKernel;
import io.hiervl.config.LossConfig.Reduction;
import io.hiervl.config.LossConfig.TopoRescale;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Equation 4: embeddings stay near their fixed prototype and apart from each other. The mean over j and unit length bound
 * the repulsion; with the sum, as printed, 150 classes would be pushed 13 units away (docs/paper.md 8.5).
 */
public final class PromptAnchorLoss {
    private final double lambda;
    private final int power;
    private final Reduction repulsion;
    private final double eps;
    private final TopoRescale rescale;

    /**
     * @param lambda    weight of the repulsion
     * @param power     1 as printed, 2 for an elastic tie
     * @param repulsion mean or sum over j
     * @param eps       inside the roots, so that the gradient at distance 0 is finite
     * @param rescale   scaling with the number of classes
     */
    public PromptAnchorLoss(double lambda, int power, Reduction repulsion, double eps, TopoRescale rescale) {
        this.lambda = lambda;
        this.power = power;
        this.repulsion = repulsion;
        this.eps = eps;
        this.rescale = rescale;
    }

    /** The scalar (1) from f (K,C), Phi of the prompt embeddings, and clip (K,C), unit prototypes. */
    public SDVariable build(Ops ops, SDVariable f, SDVariable clip) {
        return new Loss(new PromptAnchorKernel(lambda, power, repulsion == Reduction.MEAN, eps, Rescale.factor(rescale, (int) ops.shape(clip)[0], 1))).apply(ops.sd(), f, clip);
    }
}
