package io.hiervl.model;

import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import org.nd4j.autodiff.samediff.SDVariable;

/** Mask2Former's decoder layer, post-norm: masked cross-attention, self-attention, feed-forward. */
final class DecoderLayer {
    private DecoderLayer() {
    }

    /**
     * @param zero  whether attentions and feed-forward part add nothing at the start
     * @param scale of {@link LayerScale}
     */
    static void init(Initializer at, int dim, int hidden, boolean zero, double scale) {
        Attention.init(at.at("cross_attn"), dim);
        at.norm("norm1", dim);
        Attention.init(at.at("self_attn"), dim);
        at.norm("norm2", dim);
        FeedForward.init(at, dim, hidden);
        at.norm("norm3", dim);
        if (zero) {
            Attention.zero(at.at("cross_attn"));
            Attention.zero(at.at("self_attn"));
            at.zero("fc2.weight");
        }
        LayerScale.init(at, dim, scale, "cross_attn", "self_attn", "ffn");
    }

    /**
     * @param q       (B,Q,D)
     * @param qpos    (Q,D), query positions: added to queries and keys, never to values
     * @param key     (B,N,D), memory with positions
     * @param value   (B,N,D), memory
     * @param mask    (B,Q,N), 1 = may attend, or null
     * @param keyBias (B,Q), bias of rows as keys of self-attention, or null
     */
    static SDVariable apply(Scope s, SDVariable q, SDVariable qpos, SDVariable key, SDVariable value, int heads, SDVariable mask,
                            SDVariable keyBias) {
        Ops ops = s.ops();
        SDVariable cross = Attention.apply(s.at("cross_attn"), ops.add(q, qpos), key, value, heads, null, mask);
        SDVariable x = s.layerNorm("norm1", LayerScale.add(s, "cross_attn", q, cross));
        SDVariable placed = ops.add(x, qpos);
        SDVariable self = Attention.apply(s.at("self_attn"), placed, placed, x, heads, keyBias, null);
        x = s.layerNorm("norm2", LayerScale.add(s, "self_attn", x, self));
        return s.layerNorm("norm3", LayerScale.add(s, "ffn", x, FeedForward.apply(s, x)));
    }
}
