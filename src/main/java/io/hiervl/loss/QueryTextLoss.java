package io.hiervl.loss;

import io.hiervl.backend.jvm.QueryTextKernel;
import io.hiervl.graph.FusedOps;
import io.hiervl.op.ConfidentRows;
import io.hiervl.op.Loss;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Equation 2, L_align of queries and text embeddings; {@code qt} in logs (docs/paper.md 6.5). */
public final class QueryTextLoss {
    static final double CONFIDENT = 0.5;

    private QueryTextLoss() {
    }

    /** Weights (B,Q) of a whole labelled batch: 1 / number of rows with a class. */
    public static INDArray weights(INDArray rowClass, int classes) {
        return SupervisedCrossEntropy.weights(rowClass, classes);
    }

    /**
     * The scalar (1) on labelled images: mean over the rows with a class of the squared distance of unit vectors, text
     * detached.
     *
     * @param x        (B,Q,C), Phi of the last queries
     * @param t        (K,C)
     * @param rowClass (B,Q) from the matching
     * @param weights  (B,Q)
     */
    public static SDVariable build(FusedOps ops, SDVariable x, SDVariable t, SDVariable rowClass, SDVariable weights) {
        return new Loss(new QueryTextKernel(true, true)).apply(ops.sd(), x, t, rowClass, weights);
    }

    /**
     * The scalar (1) without labels: rows whose best outcome is a class of probability 0.5 or more, against that class;
     * mean over the rows of an image, then over images.
     *
     * @param classLogits  (B,Q,K+1) or (B,Q,K)
     * @param imageWeights (B), 1 / images of the whole batch
     */
    public static SDVariable buildUnlabelled(FusedOps ops, SDVariable x, SDVariable t, SDVariable classLogits, SDVariable imageWeights) {
        long[] s = ops.shape(classLogits);
        SDVariable[] rows = new ConfidentRows((int) ops.shape(t)[0], CONFIDENT).applyAll(ops.sd(), classLogits);
        SDVariable weights = ops.mul(ops.adopt(rows[1], s[0], s[1]), ops.reshape(imageWeights, s[0], 1));
        return build(ops, x, t, rows[0], weights);
    }

    /** The scalar (1) as printed: sum over all rows, each with its own best class, nothing normalised, text attached. */
    public static SDVariable buildLiteral(FusedOps ops, SDVariable x, SDVariable t, SDVariable classLogits) {
        SDVariable[] rows = new ConfidentRows((int) ops.shape(t)[0], 0).applyAll(ops.sd(), classLogits);
        return new Loss(new QueryTextKernel(false, false)).apply(ops.sd(), x, t, rows[0], rows[1]);
    }
}
