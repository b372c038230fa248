package io.hiervl.op;

import io.hiervl.op.kernel.LossKernel;
import io.hiervl.op.kernel.SetLossKernel;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * Set loss of one prediction (hiervl.md 7.2, 6.2). Four scalars (1): class cross-entropy, mask BCE, dice and, without a
 * no-object column, the BCE of rows without target against an empty mask (else 0).
 */
public final class SetLoss extends LossOp {
    private static final LossKernel KERNEL = new SetLossKernel();

    public SetLoss() {
    }

    /**
     * Settings of the sampling and the class weights.
     *
     * @param classes          K
     * @param levels           L
     * @param points           points per mask
     * @param oversample       candidates per point
     * @param importance       share of points that come from the least certain candidates
     * @param ignoreCandidates candidates on ignored pixels are taken last
     * @param noObject         weight of the class "no object"
     * @param salt             changes the random points, for instance with the depth of the prediction
     */
    public record Settings(int classes, int levels, int points, int oversample, double importance, boolean ignoreCandidates,
                           double noObject, int salt) {
    }

    /**
     * Points are drawn from the seeds.
     *
     * @param classLogits (B,Q,K+1), or (B,Q,K) without a no-object class; differentiable
     * @param maskLogits  (B,Q,h,w); differentiable
     * @param labels      (B,H,W)
     * @param rowClass    (B,Q) from {@link FixedMatching}
     * @param slots       (B,hs,ws) from {@link FixedMatching}
     * @param norms       (3): 1 / sum of class weights, 1 / number of matched rows, 1 / number of rows without target
     * @param seeds       (B), one per image, integers below 2^24
     */
    public SetLoss(SameDiff sd, SDVariable classLogits, SDVariable maskLogits, SDVariable labels, SDVariable rowClass, SDVariable slots,
                   SDVariable norms, SDVariable seeds, Settings settings) {
        super(sd, classLogits, maskLogits, labels, rowClass, slots, norms, seeds);
        set(settings);
    }

    /**
     * Points are given for the N matched rows, in the order image, row.
     *
     * @param candidates (N,oversample*points,2)
     * @param random     (N,points - floor(importance*points),2)
     */
    public SetLoss(SameDiff sd, SDVariable classLogits, SDVariable maskLogits, SDVariable labels, SDVariable rowClass, SDVariable slots,
                   SDVariable norms, SDVariable candidates, SDVariable random, Settings settings) {
        super(sd, classLogits, maskLogits, labels, rowClass, slots, norms, candidates, random);
        set(settings);
    }

    private void set(Settings s) {
        addIArgument(s.classes, s.levels, s.points, s.oversample, s.ignoreCandidates ? 1 : 0, s.salt);
        addTArgument(s.importance, s.noObject);
    }

    @Override
    LossKernel kernel() {
        return KERNEL;
    }

    @Override
    Backward backward(SDVariable[] inputs) {
        return new Gradient(sameDiff, inputs);
    }

    /** Backward op. */
    public static final class Gradient extends Backward {
        public Gradient() {
        }

        Gradient(SameDiff sd, SDVariable... inputs) {
            super(sd, inputs);
        }

        @Override
        LossKernel kernel() {
            return KERNEL;
        }
    }
}
