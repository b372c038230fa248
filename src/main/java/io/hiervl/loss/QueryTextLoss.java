package io.hiervl.loss;

import io.hiervl.graph.Ops;
import io.hiervl.op.ConfidentRows;
import io.hiervl.op.QueryText;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Equation 2, L_align of queries and text embeddings; {@code qt} in logs (hiervl.md 6.5). */
public final class QueryTextLoss {
    private final boolean literal;

    /** @param literal as printed: no unit length, text attached, sum over all rows with their own best class */
    public QueryTextLoss(boolean literal) {
        this.literal = literal;
    }

    /** Weights (B,Q) of a whole labelled batch: 1 / number of rows with a class. */
    public static INDArray weights(INDArray rowClass, int classes) {
        return SupervisedCrossEntropy.weights(rowClass, classes);
    }

    /**
     * The scalar (1) on labelled images, from x (B,Q,C), Phi of the last queries, t (K,C), rowClass (B,Q) from the matching
     * and weights (B,Q).
     */
    public SDVariable build(Ops ops, SDVariable x, SDVariable t, SDVariable rowClass, SDVariable weights) {
        return new QueryText(ops.sd(), x, t, rowClass, weights, !literal, !literal).outputVariable();
    }

    /**
     * The scalar (1) without labels: rows whose best outcome is a class of probability 0.5 or more; every row if literal.
     * The mean is over the rows of this graph's batch.
     */
    public SDVariable buildUnlabelled(Ops ops, SDVariable x, SDVariable t, SDVariable classLogits) {
        SDVariable[] rows = new ConfidentRows(ops.sd(), classLogits, (int) ops.shape(t)[0], literal ? 0 : 0.5).outputVariables();
        return build(ops, x, t, rows[0], rows[1]);
    }
}
