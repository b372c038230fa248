package io.hiervl.loss;

import io.hiervl.config.LossConfig.Reduction;
import io.hiervl.graph.Ops;
import io.hiervl.op.SetLoss;
import io.hiervl.op.WeightedSum;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The set loss at every prediction (hiervl.md 7.2, 8.2): class, mask BCE, dice, each averaged or summed over depths. */
public final class SetLosses {
    private final SetLoss.Settings settings;
    private final Reduction depths;

    /**
     * Scalars (1).
     *
     * @param classes class cross-entropy
     * @param bce     mask BCE at points
     * @param dice    dice at points
     * @param empty   BCE of rows without target; 0 when there is a no-object class
     */
    public record Terms(SDVariable classes, SDVariable bce, SDVariable dice, SDVariable empty) {
    }

    /**
     * Placeholders of the targets.
     *
     * @param labels   (B,H,W)
     * @param rowClass (B,Q)
     * @param slots    (B,H/4,W/4)
     * @param norms    (3)
     * @param seeds    (B), one per image, whole numbers below 2^24
     */
    public record Inputs(SDVariable labels, SDVariable rowClass, SDVariable slots, SDVariable norms, SDVariable seeds) {
        /** Creates the placeholders set_labels, set_row_class, set_slots, set_norms and set_seeds. */
        public static Inputs placeholders(Ops ops, long batch, long height, long width, long rows) {
            long h = (height + SetTargets.STRIDE - 1) / SetTargets.STRIDE;
            long w = (width + SetTargets.STRIDE - 1) / SetTargets.STRIDE;
            return new Inputs(ops.placeholder("set_labels", batch, height, width), ops.placeholder("set_row_class", batch, rows),
                ops.placeholder("set_slots", batch, h, w), ops.placeholder("set_norms", 3), ops.placeholder("set_seeds", batch));
        }
    }

    /**
     * @param settings sampling and class weights; the salt is replaced by the depth
     * @param depths   mean (recommended) or sum (Mask2Former) over predictions
     */
    public SetLosses(SetLoss.Settings settings, Reduction depths) {
        this.settings = settings;
        this.depths = depths;
    }

    /** Terms over predictions with class logits (B,Q,K+1 or K) and mask logits (B,Q,h,w). */
    public Terms build(Ops ops, List<SDVariable> classLogits, List<SDVariable> maskLogits, Inputs in) {
        int n = classLogits.size();
        List<List<SDVariable>> terms = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (int d = 0; d < n; d++) {
            SetLoss.Settings s = new SetLoss.Settings(settings.classes(), settings.levels(), settings.points(), settings.oversample(),
                settings.importance(), settings.ignoreCandidates(), settings.noObject(), d);
            SDVariable[] out = new SetLoss(ops.sd(), classLogits.get(d), maskLogits.get(d), in.labels, in.rowClass, in.slots, in.norms,
                in.seeds, s).outputVariables();
            for (int i = 0; i < 4; i++) {
                terms.get(i).add(out[i]);
            }
        }
        double each = depths == Reduction.MEAN ? 1.0 / n : 1;
        INDArray factors = Nd4j.valueArrayOf(new long[] {n}, each, classLogits.get(0).dataType());
        SDVariable coefficients = ops.constant("depth_factors", factors);
        List<SDVariable> sums = terms.stream().map(t -> new WeightedSum(ops.sd(), t, coefficients).outputVariable()).toList();
        return new Terms(sums.get(0), sums.get(1), sums.get(2), sums.get(3));
    }
}
