package io.hiervl.loss;

import io.hiervl.backend.jvm.SetLossKernel;
import io.hiervl.config.LossConfig.Reduction;
import io.hiervl.graph.Ops;
import io.hiervl.op.Loss;
import io.hiervl.op.WeightedSum;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The set loss at every prediction (docs/paper.md 7.2, 8.2): class, mask BCE, dice, each averaged or summed over depths. */
public final class SetLosses {
    private final SetLossKernel settings;
    private final Reduction depths;

    /**
     * Scalars (1).
     *
     * @param classes class cross-entropy
     * @param bce     mask BCE at points
     * @param dice    dice at points
     * @param empty   BCE of rows without target; 0 when there is a no-object class
     * @param parts   classes, bce, dice and empty of every prediction, before averaging
     */
    public record Terms(SDVariable classes, SDVariable bce, SDVariable dice, SDVariable empty, List<List<SDVariable>> parts) {
    }

    /**
     * Placeholders of the targets.
     *
     * @param labels   (B,H,W)
     * @param rowClass (B,Q)
     * @param slots    (B,cells,cells)
     * @param norms    (3)
     * @param points   as {@link SetPoints#placeholders} gives them
     */
    public record Inputs(SDVariable labels, SDVariable rowClass, SDVariable slots, SDVariable norms, List<SDVariable> points) {
        /** Creates the placeholders set_labels, set_row_class, set_slots, set_norms and those of the points. */
        public static Inputs placeholders(Ops ops, long[] labels, SetTargets like, SetPoints points, int predictions) {
            long[] rows = like.rowClass().shape();
            long[] slots = like.slots().shape();
            return new Inputs(ops.placeholder("set_labels", labels), ops.placeholder("set_row_class", labels[0], rows[1]),
                ops.placeholder("set_slots", labels[0], slots[1], slots[2]), ops.placeholder("set_norms", 3), points.placeholders(ops, predictions));
        }

        /** Values of the placeholders that have a batch axis, without the points. */
        public static Map<String, INDArray> values(INDArray labels, SetTargets targets) {
            Map<String, INDArray> values = new LinkedHashMap<>();
            values.put("set_labels", labels);
            values.put("set_row_class", targets.rowClass());
            values.put("set_slots", targets.slots());
            return values;
        }

        /** Values of the placeholders without a batch axis. */
        public static Map<String, INDArray> shared(SetTargets targets) {
            return Map.of("set_norms", targets.norms());
        }
    }

    /**
     * @param settings sampling and class weights; the salt is replaced by the depth
     * @param depths   mean (recommended) or sum (Mask2Former) over predictions
     */
    public SetLosses(SetLossKernel settings, Reduction depths) {
        this.settings = settings;
        this.depths = depths;
    }

    /** Terms over predictions with class logits (B,Q,K+1 or K) and mask logits (B,Q,h,w). */
    public Terms build(Ops ops, List<SDVariable> classLogits, List<SDVariable> maskLogits, Inputs in) {
        int n = classLogits.size();
        List<List<SDVariable>> parts = new ArrayList<>();
        for (int d = 0; d < n; d++) {
            SetLossKernel s = new SetLossKernel(settings.classes(), settings.levels(), settings.points(), settings.oversample(),
                settings.importance(), settings.ignoreCandidates(), settings.noObject(), d);
            SDVariable classes = classLogits.get(d);
            SDVariable masks = maskLogits.get(d);
            SDVariable[] loss = in.points.size() == 1
                ? new Loss(s).applyAll(ops.sd(), classes, masks, in.labels, in.rowClass, in.slots, in.norms, in.points.get(0))
                : new Loss(s).applyAll(ops.sd(), classes, masks, in.labels, in.rowClass, in.slots, in.norms, in.points.get(2 * d), in.points.get(2 * d + 1));
            parts.add(List.of(loss));
        }
        double each = depths == Reduction.MEAN ? 1.0 / n : 1;
        INDArray factors = Nd4j.valueArrayOf(new long[] {n}, each, in.norms.dataType());
        SDVariable coefficients = ops.constant("depth_factors", factors);
        List<SDVariable> sums = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int term = i;
            sums.add(WeightedSum.of(ops.sd(), parts.stream().map(p -> p.get(term)).toList(), coefficients));
        }
        return new Terms(sums.get(0), sums.get(1), sums.get(2), sums.get(3), parts);
    }
}
