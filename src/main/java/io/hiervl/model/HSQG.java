package io.hiervl.model;

import io.hiervl.config.ModelConfig;
import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Activation;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Hierarchical Semantic Query Generator: one MLP per abstraction level turns the text embedding of a class into a query,
 * q_k^(l) = MLP_l(t_k), and a gate says which classes the picture shows (paper 3.2, docs/paper.md 3).
 */
public final class HSQG {
    private static final double LOG_EPS = 1e-4;

    /**
     * @param queries per level (B,K,D), already multiplied by the factor
     * @param gate    what is present
     * @param factor  what multiplies queries and their updates: the gate, or one that is open for every class
     */
    public record Output(List<SDVariable> queries, Gate gate, Gate factor) {
    }

    private HSQG() {
    }

    /** @param joint width C of the text embeddings */
    static void init(Initializer at, int joint, int dim, int levels) {
        for (int l = 0; l < levels; l++) {
            at.at("mlp." + l).linear("0", joint, dim);
            at.at("mlp." + l).linear("2", dim, dim);
        }
        at.constant("scale", Math.sqrt(joint), 1);
        at.constant("gate_w", 50, 1);
        at.constant("gate_b", -11, 1);
    }

    /**
     * Data-dependent start of the gate: W = min(maximum, 2 / std) and b = -W mean over the similarities of the first
     * batch. The fixed W = 50 saturates for small CLIPs, whose cosines are spread. To be called once, in training only.
     *
     * @param prefix       scope of the module
     * @param similarities (B,K) of cosines
     * @param maximum      upper bound of W, 50
     */
    public static void initGate(ParameterStore store, String prefix, INDArray similarities, double maximum) {
        double[] sims = similarities.dup('c').reshape(similarities.length()).toDoubleVector();
        double mean = 0;
        for (double v : sims) {
            mean += v / sims.length;
        }
        double square = 0;
        for (double v : sims) {
            square += (v - mean) * (v - mean);
        }
        double std = Math.sqrt(square / Math.max(1, sims.length - 1));
        double w = std > 0 ? Math.min(maximum, 2 / std) : maximum;
        List<INDArray> gate = gate(store, prefix);
        gate.get(0).assign(w);
        gate.get(1).assign(-w * mean);
    }

    /** The gate's slope and offset. */
    public static List<INDArray> gate(ParameterStore store, String prefix) {
        return List.of(store.get(prefix + ".gate_w").array(), store.get(prefix + ".gate_b").array());
    }

    /** Ungated queries, per level (K,D). t is (K,C) with unit rows. */
    static List<SDVariable> ungated(Scope s, SDVariable t, int levels) {
        SDVariable scaled = s.ops().mul(t, s.get("scale"));
        List<SDVariable> result = new ArrayList<>();
        for (int l = 0; l < levels; l++) {
            Scope mlp = s.at("mlp." + l);
            result.add(mlp.linear("2", mlp.linear("0", scaled, Activation.RELU)));
        }
        return result;
    }

    /** Cosines (B,K) between v (B,C) and t (K,C), both of unit length and cut off from their gradients. */
    public static SDVariable similarity(Ops ops, SDVariable t, SDVariable v) {
        return ops.exact().linear(ops.stopGradient(v), ops.stopGradient(t), null, Activation.NONE);
    }

    /**
     * The gate. An image without any valid pixel should be given {@code useGt} 0 by the caller.
     *
     * @param presence    (B,K), 1 where the ground truth has the class, or null for predicted gates only
     * @param useGt       (B), 1 where an image takes its ground truth, or null
     * @param logAsBias   add log(s + 1e-4) to the key bias
     */
    static Gate gate(Scope s, SDVariable t, SDVariable v, SDVariable presence, SDVariable useGt, boolean logAsBias) {
        Ops ops = s.ops();
        SDVariable logit = ops.add(ops.mul(similarity(ops, t, v), s.get("gate_w")), s.get("gate_b"));
        SDVariable predicted = ops.activation(logit, Activation.SIGMOID);
        if (presence == null) {
            return new Gate(logit, predicted, logAsBias ? ops.log(predicted, LOG_EPS) : ops.scale(predicted, 0, 0));
        }
        long batch = ops.shape(logit)[0];
        SDVariable gt = ops.reshape(useGt, batch, 1);
        SDVariable free = ops.scale(gt, -1, 1);
        SDVariable fromTruth = ops.mul(presence, gt);
        SDVariable gate = ops.add(fromTruth, ops.mul(predicted, free));
        // 1 where ground truth switches a row off
        SDVariable off = ops.mul(ops.scale(presence, -1, 1), gt);
        SDVariable bias = ops.scale(off, Gate.OFF, 0);
        if (logAsBias) {
            bias = ops.add(bias, ops.mul(ops.log(gate, LOG_EPS), ops.scale(off, -1, 1)));
        }
        return new Gate(logit, gate, bias);
    }

    /** Queries multiplied by the gate, q~ = s q; per level (B,K,D). */
    static List<SDVariable> gated(Ops ops, List<SDVariable> queries, Gate gate) {
        long[] s = ops.shape(gate.s());
        SDVariable factor = ops.reshape(gate.s(), s[0], s[1], 1);
        return queries.stream().map(q -> ops.mul(factor, q)).toList();
    }

    /** Queries whose gate is open for every class, whatever the picture shows. */
    static Output open(Scope s, SDVariable t, SDVariable v, int levels) {
        Ops ops = s.ops();
        SDVariable logit = ops.add(ops.mul(similarity(ops, t, v), s.get("gate_w")), s.get("gate_b"));
        Gate gate = new Gate(logit, ops.scale(logit, 0, 1), ops.scale(logit, 0, 0));
        return new Output(gated(ops, ungated(s, t, levels), gate), gate, gate);
    }

    /** Everything: gate and gated queries, as the configuration reads them. */
    public static Output apply(Scope s, SDVariable t, SDVariable v, SDVariable presence, SDVariable useGt, int levels,
                               ModelConfig.Gate config) {
        Gate gate = gate(s, t, v, presence, useGt, config.keyBias());
        Gate factor = config.rows() ? gate : new Gate(gate.logit(), s.ops().scale(gate.s(), 0, 1), gate.keyBias());
        return new Output(gated(s.ops(), ungated(s, t, levels), factor), gate, factor);
    }
}
