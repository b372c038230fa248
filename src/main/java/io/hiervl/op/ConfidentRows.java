package io.hiervl.op;

import io.hiervl.op.kernel.Staging;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Chooses rows by their own class logits (B,Q,K or K+1), for equation 2 without labels. Outputs: class of every row or -100
 * (B,Q), and weights (B,Q). Not differentiated.
 */
public final class ConfidentRows extends JavaOp {
    public ConfidentRows() {
    }

    /**
     * @param classes   K
     * @param threshold a row counts if its best outcome, no object included, is a class of at least this probability;
     *                  weights are then 1 / number of rows of the image that count. Below or at 0: every row counts with weight 1 and the
     *                  best of the K classes, the paper's literal rule
     */
    public ConfidentRows(SameDiff sd, SDVariable classLogits, int classes, double threshold) {
        super(sd, classLogits);
        addIArgument(classes);
        addTArgument(threshold);
    }

    @Override
    public String opName() {
        return "hiervl_confident_rows";
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public long[][] outputShapes(INDArray[] in) {
        long[] shape = {in[0].size(0), in[0].size(1)};
        return new long[][] {shape, shape.clone()};
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        int columns = (int) in[0].size(2);
        int k = intArg(0);
        double[] logits = Staging.doubles(in[0]);
        double[] chosen = new double[logits.length / columns];
        double[] weights = new double[chosen.length];
        int rows = (int) in[0].size(1);
        int[] count = new int[(int) in[0].size(0)];
        boolean literal = realArg(0) <= 0;
        for (int r = 0; r < chosen.length; r++) {
            int best = 0;
            int limit = literal ? k : columns;
            for (int c = 1; c < limit; c++) {
                best = logits[r * columns + c] > logits[r * columns + best] ? c : best;
            }
            double sum = 0;
            for (int c = 0; c < columns; c++) {
                sum += Math.exp(logits[r * columns + c] - logits[r * columns + best]);
            }
            boolean counts = literal || best < k && 1 / sum >= realArg(0);
            chosen[r] = counts ? best : -100;
            weights[r] = counts ? 1 : 0;
            count[r / rows] += counts ? 1 : 0;
        }
        for (int r = 0; r < weights.length && !literal; r++) {
            weights[r] /= Math.max(1, count[r / rows]);
        }
        if (out[0] != null) {
            Staging.write(chosen, out[0]);
        }
        if (out[1] != null) {
            Staging.write(weights, out[1]);
        }
    }

    /** Zero: a choice has no slope. */
    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new StopGradient.Zeros(sameDiff, arg(0)).outputVariable());
    }
}
