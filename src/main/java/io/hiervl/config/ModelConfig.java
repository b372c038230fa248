package io.hiervl.config;

import java.util.List;

/**
 * The network: sizes and the readings of the paper that concern its structure. The values of every setting, with the
 * reasons, are documented in {@code recipes/default.yaml}; section numbers below refer to the questions the paper leaves open.
 *
 * @param dim                  decoder width D, a multiple of {@code heads} and {@code normGroups}
 * @param levels               abstraction levels L of the query generator
 * @param visualQueries        M, a square number for spatial slots or 0
 * @param heads                attention heads of both decoders
 * @param points               sampling points per head and level of deformable attention
 * @param nEnc                 deformable layers of the pixel decoder
 * @param nDec                 layers of the query decoder; 0 predicts from its input
 * @param encFfn               hidden width of the pixel decoder's feed-forward part
 * @param decFfn               hidden width of the query decoder's feed-forward part
 * @param cmDim                projection width d of equation 1
 * @param normGroups           groups of group normalisation
 * @param textPromptTokens     learnable tokens before the class name
 * @param visualPromptTokens   learnable tokens of the image tower, 0 for none
 * @param promptInit           how text prompt tokens start
 * @param denseStudent         path of dense embeddings in equations 6 and 7
 * @param cmsam                equation 1 after every pixel decoder layer with weights of its own or shared ones, or no text in the pixel decoder
 * @param cmsamLiteral         equation 1 as printed: raw inputs, the update not scaled by the gate
 * @param cmsamLevels          which pixels a level attends to
 * @param attentionOrder       order of deformable and cross attention in a pixel decoder layer
 * @param dynamicMasks         a mask kernel is an MLP of its query; off: the query itself
 * @param gateMode             gate of labelled images during training
 * @param gateKeyBias          log of the gate as additive bias wherever text rows are keys
 * @param gateClassProbability multiply a text row's class probability by its gate at inference
 * @param gateSlope            upper bound of the gate's slope W at its data-dependent start
 * @param noObject             K+1 class logits
 * @param temperature          T of z = log(S + 1e-6) / T
 * @param taps                 0-based blocks of the image tower that feed the pyramid; null: 1/3, 1/2, 2/3 and all of them
 * @param posResize            how the position table is resized
 * @param trainable            which weights of the image tower learn
 * @param visualRowsInS        visual rows take part in semantic inference
 * @param precision            arithmetic of dense layers
 * @param recompute            recompute encoder layers in the backward pass instead of keeping their activations
 */
public record ModelConfig(int dim, int levels, int visualQueries, int heads, int points, int nEnc, int nDec, int encFfn, int decFfn,
        int cmDim, int normGroups, int textPromptTokens, int visualPromptTokens, PromptInit promptInit, DensePath denseStudent,
        Cmsam cmsam, boolean cmsamLiteral, CmsamLevels cmsamLevels, AttentionOrder attentionOrder, boolean dynamicMasks, GateMode gateMode, boolean gateKeyBias,
        boolean gateClassProbability, double gateSlope, boolean noObject, double temperature, @Nullable List<Integer> taps,
        PositionResize posResize, Trainable trainable, boolean visualRowsInS, Precision precision, boolean recompute) {

    /** Start of the text prompt: half noise and half "a photo of a", or normal noise of deviation 0.02 or 1. */
    public enum PromptInit { TEMPLATE, NORMAL_002, NORMAL_1 }

    /** Dense CLIP embeddings: the last block's tokens, or MaskCLIP's value path. */
    public enum DensePath { LAST, VALUE }

    /** Cross-modal alignment: projections per layer, shared by all layers, or none, which leaves Mask2Former's pixel decoder. */
    public enum Cmsam { PER_LAYER, SHARED, OFF }

    /** Level l attends to the pixels of feature level l, or every level to all pixels. */
    public enum CmsamLevels { MATCHED, ALL }

    /** Order of the two attentions of a pixel decoder layer (section 4.3). */
    public enum AttentionOrder { DEFORMABLE_FIRST, CROSS_FIRST }

    /** Gate of labelled images: ground truth (the paper), predicted, one of them by a coin per image, or 1 on every image. */
    public enum GateMode { GT, PRED, MIX, NONE }

    /** Interpolation of the position table. */
    public enum PositionResize { BICUBIC, BILINEAR }

    /** All of the image tower, or attention weights and positions only (as SemiVL). */
    public enum Trainable { ALL, ATTN_POS_ONLY }

    /** Arithmetic of dense layers; AUTO takes BF16 where the CPU has instructions for it. */
    public enum Precision { FP32, BF16, AUTO }

    public ModelConfig {
        Check.atLeast("model.dim", dim, 4);
        Check.atLeast("model.levels", levels, 1);
        Check.atLeast("model.heads", heads, 1);
        Check.atLeast("model.points", points, 1);
        Check.atLeast("model.n_enc", nEnc, 1);
        Check.atLeast("model.n_dec", nDec, 0);
        Check.atLeast("model.enc_ffn", encFfn, 1);
        Check.atLeast("model.dec_ffn", decFfn, 1);
        Check.atLeast("model.cm_dim", cmDim, 1);
        Check.atLeast("model.norm_groups", normGroups, 1);
        Check.atLeast("model.text_prompt_tokens", textPromptTokens, 0);
        Check.atLeast("model.visual_prompt_tokens", visualPromptTokens, 0);
        Check.that(dim % heads == 0, "model.dim " + dim + " is not a multiple of model.heads " + heads);
        Check.that(dim % normGroups == 0, "model.dim " + dim + " is not a multiple of model.norm_groups " + normGroups);
        Check.that(dim % 4 == 0, "model.dim " + dim + " is not a multiple of 4, which the sine positions need");
        int side = (int) Math.round(Math.sqrt(visualQueries));
        Check.that(visualQueries >= 0 && side * side == visualQueries,
            "model.visual_queries is " + visualQueries + ", it must be 0 or a square number, because visual queries form a grid of slots");
        Check.positive("model.gate_slope", gateSlope);
        Check.positive("model.temperature", temperature);
        Check.that(levels == 3 || cmsamLevels == CmsamLevels.ALL || cmsam == Cmsam.OFF,
            "model.levels is " + levels + ": model.cmsam_levels: matched pairs level l with one of the 3 feature maps and needs 3 levels; set it to all");
        if (taps != null) {
            taps = List.copyOf(taps);
            Check.that(taps.size() == 4, "model.taps has " + taps.size() + " entries, the pyramid needs 4");
        }
    }

    /** The blocks that feed the pyramid for an image tower of so many blocks: {@link #taps()} or the rule for null. */
    public List<Integer> tapsFor(int blocks) {
        List<Integer> chosen = taps != null ? taps : List.of(Math.max(1, Math.round(blocks / 3f)) - 1,
            Math.max(1, Math.round(blocks / 2f)) - 1, Math.max(1, Math.round(2 * blocks / 3f)) - 1, blocks - 1);
        for (int tap : chosen) {
            Check.that(tap >= 0 && tap < blocks, "model.taps names block " + tap + ", the image tower has blocks 0 to " + (blocks - 1));
        }
        return chosen;
    }

    /** Rows of the query decoder for K classes: K*L + M. */
    public int queries(int classes) {
        return classes * levels + visualQueries;
    }
}
