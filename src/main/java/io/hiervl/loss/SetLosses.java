package io.hiervl.loss;

import io.hiervl.backend.jvm.SetLossKernel;
import io.hiervl.config.LossConfig.Reduction;
import io.hiervl.graph.Ops;
import io.hiervl.model.DQTD;
import io.hiervl.op.Loss;
import io.hiervl.op.WeightedSum;
import io.hiervl.tensor.Nd4jTensors;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The set loss at every prediction (docs/paper.md 7.2, 8.2): class, mask BCE, dice, each averaged or summed over depths. */
public final class SetLosses {
    /** Labels (B,H,W) that masks are compared with. */
    static final Input<PictureTargets> LABELS = Input.perImage("set_labels", PictureTargets::labels);
    /** Class (B,Q) of every row. */
    static final Input<PictureTargets> ROW_CLASS = Input.perImage("set_row_class", t -> t.set().rowClass());
    private static final Input<PictureTargets> SLOTS = Input.perImage("set_slots", t -> t.set().slots());
    private static final Input<PictureTargets> NORMS = Input.shared("set_norms", t -> Nd4jTensors.of(t.set().norms()));

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
     * @param points   as {@link SetPoints#inputs} gives them
     */
    record Inputs(SDVariable labels, SDVariable rowClass, SDVariable slots, SDVariable norms, List<SDVariable> points) {
        /** The placeholders of a graph with so many predictions. */
        static Inputs of(Placeholders<? extends PictureTargets> in, int predictions) {
            List<SDVariable> points = in.points().inputs(predictions).stream().map(in::get).toList();
            return new Inputs(in.get(LABELS), in.get(ROW_CLASS), in.get(SLOTS), in.get(NORMS), points);
        }
    }

    /**
     * @param settings sampling and class weights; the salt is replaced by the depth
     * @param depths   mean (recommended) or sum (Mask2Former) over predictions
     */
    SetLosses(SetLossKernel settings, Reduction depths) {
        this.settings = settings;
        this.depths = depths;
    }

    /** Terms over all predictions of an output. */
    Terms build(PictureScene<?> scene) {
        List<DQTD.Prediction> all = scene.output().predictions();
        return build(scene.ops(), all.stream().map(DQTD.Prediction::classes).toList(), all.stream().map(DQTD.Prediction::masks).toList(),
            Inputs.of(scene.placeholders(), all.size()));
    }

    /** Terms over predictions with class logits (B,Q,K+1 or K) and mask logits (B,Q,h,w). */
    Terms build(Ops ops, List<SDVariable> classLogits, List<SDVariable> maskLogits, Inputs in) {
        int n = classLogits.size();
        List<List<SDVariable>> parts = new ArrayList<>();
        for (int d = 0; d < n; d++) {
            SetLossKernel s = new SetLossKernel(settings.classes(), settings.levels(), settings.points(), settings.oversample(),
                settings.importance(), settings.ignoreCandidates(), settings.noObject(), d);
            SDVariable classes = classLogits.get(d);
            SDVariable masks = maskLogits.get(d);
            SDVariable[] loss = in.points.size() == 1
                ? new Loss(s).applyAll(ops.sd(), ops.path(), classes, masks, in.labels, in.rowClass, in.slots, in.norms, in.points.get(0))
                : new Loss(s).applyAll(ops.sd(), ops.path(), classes, masks, in.labels, in.rowClass, in.slots, in.norms,
                    in.points.get(2 * d),
                    in.points.get(2 * d + 1));
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
