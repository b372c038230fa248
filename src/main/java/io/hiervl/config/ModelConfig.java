package io.hiervl.config;

import io.hiervl.PublicApi;
import java.util.List;

/**
 * The network: sizes and the readings of the paper that concern its structure. The values of every setting, with the
 * reasons, are documented in {@code recipes/default.yaml}; section numbers below refer to the questions the paper leaves open.
 * Safe for several threads.
 *
 * @param queries       rows of the query decoder
 * @param decoders      sizes of both decoders
 * @param clip          how the CLIP is prompted and read
 * @param alignment     text in the pixel decoder
 * @param dynamicMasks  a mask kernel is an MLP of its query; off: the query itself
 * @param gate          the gate of classes
 * @param output        how predictions become scores
 * @param tower         the image tower
 * @param zeroInit      which new parts change nothing at the first step
 * @param compute       arithmetic
 */
@PublicApi
public record ModelConfig(@Group Queries queries, @Group Decoders decoders, @Group Clip clip, @Group Alignment alignment,
    boolean dynamicMasks, @Group(prefixed = true) Gate gate, @Group Output output, @Group Tower tower,
    @Group(prefixed = true) ZeroInit zeroInit,
    @Group Compute compute) {

    /** Start of the text prompt: half noise and half "a photo of a", or normal noise of deviation 0.02 or 1. */
    public enum PromptInit {
        TEMPLATE, NORMAL_002, NORMAL_1
    }

    /** Dense CLIP embeddings: the last block's tokens, or MaskCLIP's value path. */
    public enum DensePath { LAST, VALUE }

    /** Cross-modal alignment: projections per layer, shared by all layers, or none, which leaves Mask2Former's pixel decoder. */
    public enum Cmsam {
        PER_LAYER, SHARED, OFF
    }

    /** Level l attends to the pixels of feature level l, or every level to all pixels. */
    public enum CmsamLevels { MATCHED, ALL }

    /** Order of the two attentions of a pixel decoder layer (section 4.3). */
    public enum AttentionOrder { DEFORMABLE_FIRST, CROSS_FIRST }

    /** Gate of labelled images: ground truth (the paper), predicted, one of them by a coin per image, or 1 on every image. */
    public enum GateMode {
        GT, PRED, MIX, NONE
    }

    /** Kernel of a mask: an MLP of its query (the paper), or the query plus this MLP, whose last layer starts at zero. */
    public enum MaskHead {
        MLP, RESIDUAL
    }

    /** Interpolation of the position table. */
    public enum PositionResize { BICUBIC, BILINEAR }

    /** All of the image tower, or attention weights and positions only (as SemiVL). */
    public enum Trainable { ALL, ATTN_POS_ONLY, NONE }

    /** Arithmetic of dense layers; AUTO takes BF16 where the CPU has instructions for it. */
    public enum Precision {
        FP32, TF32, BF16, AUTO
    }

    /**
     * Rows of the query decoder.
     *
     * @param dim           decoder width D, a multiple of {@code heads} and {@code normGroups}
     * @param levels        abstraction levels L of the query generator
     * @param visualQueries M, a square number for spatial slots or 0
     */
    public record Queries(@AtLeast(4) int dim, @AtLeast(1) int levels, int visualQueries) {
        public Queries {
            Check.components(Queries.class, dim, levels, visualQueries);
        }

        /** Rows for K classes: K*L + M. */
        public int rows(int classes) {
            return classes * levels + visualQueries;
        }
    }

    /**
     * Sizes of both decoders.
     *
     * @param heads      attention heads of both decoders
     * @param points     sampling points per head and level of deformable attention
     * @param nEnc       deformable layers of the pixel decoder
     * @param nDec       layers of the query decoder; 0 predicts from its input
     * @param encFfn     hidden width of the pixel decoder's feed-forward part
     * @param decFfn     hidden width of the query decoder's feed-forward part
     * @param cmDim      projection width d of equation 1
     * @param normGroups groups of group normalisation
     * @param layerScale first value of a learnable factor on what attentions and feed-forward parts add; 0: no factor
     */
    public record Decoders(@AtLeast(1) int heads, @AtLeast(1) int points, @AtLeast(1) int nEnc, @AtLeast(0) int nDec,
        @AtLeast(1) int encFfn, @AtLeast(1) int decFfn, @AtLeast(1) int cmDim, @AtLeast(1) int normGroups,
        @Weight double layerScale) {
        public Decoders {
            Check.components(Decoders.class, heads, points, nEnc, nDec, encFfn, decFfn, cmDim, normGroups, layerScale);
        }
    }

    /**
     * How the CLIP is prompted and read.
     *
     * @param textPromptTokens   learnable tokens before the class name
     * @param visualPromptTokens learnable tokens of the image tower, 0 for none
     * @param promptInit         how text prompt tokens start
     * @param denseStudent       path of dense embeddings in equations 6 and 7
     */
    public record Clip(@AtLeast(0) int textPromptTokens, @AtLeast(0) int visualPromptTokens, PromptInit promptInit,
        DensePath denseStudent) {
        public Clip {
            Check.components(Clip.class, textPromptTokens, visualPromptTokens, promptInit, denseStudent);
        }
    }

    /**
     * Text in the pixel decoder.
     *
     * @param cmsam          equation 1 after every pixel decoder layer, with weights of its own or shared ones, or no text there
     * @param cmsamLiteral   equation 1 as printed: raw inputs, the update not scaled by the gate
     * @param cmsamLevels    which pixels a level attends to
     * @param attentionOrder order of deformable and cross attention in a pixel decoder layer
     */
    public record Alignment(Cmsam cmsam, boolean cmsamLiteral, CmsamLevels cmsamLevels, AttentionOrder attentionOrder) {
    }

    /**
     * The gate of classes.
     *
     * @param mode             gate of labelled images during training
     * @param rows             multiply queries, and their updates in equation 1, by the gate
     * @param keyBias          log of the gate as additive bias wherever text rows are keys
     * @param classProbability multiply a text row's class probability by its gate at inference
     * @param slope            upper bound of the gate's slope W at its data-dependent start
     */
    public record Gate(GateMode mode, boolean rows, boolean keyBias, boolean classProbability, @Positive double slope) {
        public Gate {
            Check.components(Gate.class, mode, rows, keyBias, classProbability, slope);
        }
    }

    /**
     * How predictions become scores.
     *
     * @param maskHead      how a query becomes a mask kernel
     * @param noObject      K+1 class logits
     * @param temperature   T of z = log(S + 1e-6) / T
     * @param visualRowsInS visual rows take part in semantic inference
     */
    public record Output(MaskHead maskHead, boolean noObject, @Positive double temperature, boolean visualRowsInS) {
        public Output {
            Check.components(Output.class, maskHead, noObject, temperature, visualRowsInS);
        }
    }

    /**
     * New parts that start at zero where they are added to what they change, so that the first step sees the network without them.
     * False is the start of the part's family, full-size random weights. The structure is the same.
     *
     * @param cmsam    W_V of equation 1
     * @param textAttn output projection of the attention with which pixels look at text
     * @param decoder  output projections and second feed-forward layers of the query decoder
     */
    public record ZeroInit(boolean cmsam, boolean textAttn, boolean decoder) {
    }

    /**
     * The image tower.
     *
     * @param taps      0-based blocks of the image tower that feed the pyramid; null: 1/3, 1/2, 2/3 and all of them
     * @param posResize how the position table is resized
     * @param trainable which weights of the image tower learn
     * @param stem      channels of the convolutional stem beside the tower, a multiple of 8; 0: none
     * @param unet      channels at stride 2 of a U-Net whose class logits join the rows' scores, a multiple of 8; 0: none
     * @param unetAlone whether S comes of the U-Net alone; the rows are then not computed
     */
    public record Tower(@Nullable List<Integer> taps, PositionResize posResize, Trainable trainable, int stem, int unet,
        boolean unetAlone) {
        public Tower {
            Check.that(unet > 0 || !unetAlone, "model.unet_alone is true, but model.unet is 0: there is no U-Net");
            Check.that(unet >= 0 && unet % 8 == 0, "model.unet is " + unet + ", it must be 0 or a multiple of 8");
            Check.that(stem >= 0 && stem % 8 == 0, "model.stem is " + stem + ", it must be 0 or a multiple of 8");
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
    }

    /**
     * Arithmetic.
     *
     * @param precision arithmetic of dense layers
     * @param recompute recompute encoder layers in the backward pass instead of keeping their activations
     */
    public record Compute(Precision precision, boolean recompute) {
    }

    public ModelConfig {
        int dim = queries.dim;
        Check.that(dim % decoders.heads == 0, "model.dim " + dim + " is not a multiple of model.heads " + decoders.heads);
        Check.that(dim % decoders.normGroups == 0, "model.dim " + dim + " is not a multiple of model.norm_groups " + decoders.normGroups);
        Check.that(dim % 4 == 0, "model.dim " + dim + " is not a multiple of 4, which the sine positions need");
        int side = (int) Math.round(Math.sqrt(queries.visualQueries));
        Check.that(queries.visualQueries >= 0 && side * side == queries.visualQueries, "model.visual_queries is " + queries.visualQueries
            + ", it must be 0 or a square number, because visual queries form a grid of slots");
        boolean matched = alignment.cmsamLevels == CmsamLevels.MATCHED && alignment.cmsam != Cmsam.OFF;
        Check.that(queries.levels == 3 || !matched, "model.levels is " + queries.levels + ": model.cmsam_levels: matched pairs level l"
            + " with one of the 3 feature maps and needs 3 levels; set it to all");
    }
}
