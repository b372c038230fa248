package io.hiervl.clip;

import io.hiervl.graph.Scope;
import io.hiervl.tensor.Activation;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * CLIP's pre-norm residual block: x + MHA(LN(x)), then x + MLP(LN(x)).
 *
 * @param heads      attention heads
 * @param activation of the MLP
 * @param eps        of the layer norms
 * @param causal     a token sees itself and earlier ones only
 */
record TransformerBlock(int heads, Activation activation, double eps, boolean causal) {
    static TransformerBlock of(int heads, ClipArchitecture clip, boolean causal) {
        Activation activation = clip.activation() == io.hiervl.clip.Activation.GELU ? Activation.GELU : Activation.QUICK_GELU;
        return new TransformerBlock(heads, activation, clip.eps(), causal);
    }

    /** x (B,T,D) to (B,T,D); the scope is the block's own. */
    SDVariable apply(Scope s, SDVariable x) {
        SDVariable qkv =
            s.ops().linear(s.layerNorm("ln_1", x, eps), s.get("attn.in_proj_weight"), s.get("attn.in_proj_bias"), Activation.NONE);
        SDVariable y = s.ops().add(x, s.linear("attn.out_proj", s.ops().packedAttention(qkv, heads, causal)));
        return mlp(s, y);
    }

    /** The block with attention replaced by every token's own value (MaskCLIP). */
    SDVariable valuePath(Scope s, SDVariable x) {
        long d = s.ops().shape(x)[2];
        SDVariable w = s.ops().slice(s.get("attn.in_proj_weight"), 0, 2 * d, 3 * d);
        SDVariable b = s.ops().slice(s.get("attn.in_proj_bias"), 0, 2 * d, 3 * d);
        SDVariable value = s.ops().linear(s.layerNorm("ln_1", x, eps), w, b, Activation.NONE);
        return mlp(s, s.ops().add(x, s.linear("attn.out_proj", value)));
    }

    private SDVariable mlp(Scope s, SDVariable x) {
        SDVariable hidden = s.linear("mlp.c_fc", s.layerNorm("ln_2", x, eps), activation);
        return s.ops().add(x, s.linear("mlp.c_proj", hidden));
    }
}
