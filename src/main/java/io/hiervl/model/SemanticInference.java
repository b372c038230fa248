package io.hiervl.model;

import io.hiervl.graph.Ops;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Resize;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * From rows to pixels: S_c = sum_i softmax(c_i)_c sigmoid(M_i), and from S to scores whose softmax is a distribution,
 * z = log(S + 1e-6) / T with S resized first (docs/paper.md 6.3, 6.4).
 */
public final class SemanticInference {
    /** Added to S before the logarithm. */
    public static final double EPS = 1e-6;

    private SemanticInference() {
    }

    /**
     * @param classes    (B,Q,K) or (B,Q,K+1) logits; a last "no object" column takes part in the softmax only
     * @param masks      (B,Q,H,W) logits
     * @param k          number of classes
     * @param rowWeight  (B,Q) factor on the rows' class probabilities, or null
     * @param rows       number of leading rows that take part (text rows come first)
     * @return S (B,K,H,W)
     */
    static SDVariable scores(Ops ops, SDVariable classes, SDVariable masks, int k, SDVariable rowWeight, long rows) {
        long[] m = ops.shape(masks);
        SDVariable p = ops.slice(ops.softmax(classes), 2, 0, k);
        if (rowWeight != null) {
            p = ops.mul(p, ops.reshape(rowWeight, m[0], m[1], 1));
        }
        SDVariable sigma = ops.reshape(ops.activation(masks, Activation.SIGMOID), m[0], m[1], m[2] * m[3]);
        SDVariable s = ops.exact().bmm(ops.slice(p, 1, 0, rows), ops.slice(sigma, 1, 0, rows), true, false);
        return ops.reshape(s, m[0], k, m[2], m[3]);
    }

    /** Weights (B,L*K+M) that multiply text rows by their gate and leave visual rows alone. */
    static SDVariable gateWeights(Ops ops, Gate gate, int levels, long visual, DataType type) {
        SDVariable text = gate.s(ops, levels);
        return visual == 0 ? text : ops.concat(1, text, ops.constant("visual_weight", Nd4j.ones(type, ops.shape(text)[0], visual)));
    }

    /** z = log(S + 1e-6) / T at this size, (B,K,height,width). */
    public static SDVariable logScores(Ops ops, SDVariable s, int height, int width, double temperature) {
        return ops.scale(ops.log(ops.resize(s, height, width, Resize.BILINEAR), EPS), 1 / temperature, 0);
    }
}
