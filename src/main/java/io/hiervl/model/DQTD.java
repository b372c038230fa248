package io.hiervl.model;

import io.hiervl.config.ModelConfig;
import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Resize;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Dual-Query Transformer Decoder: the L*K aligned text rows and M learnable visual rows are refined together by
 * mask-guided layers (paper 3.4, docs/paper.md 5). Row order: text level-major (l*K + k), then visual.
 */
public final class DQTD {
    private final int heads;
    private final int layers;
    private final boolean residual;

    /**
     * One prediction.
     *
     * @param query   (B,Q,D) after {@code decoder_norm}
     * @param classes (B,Q,K+1) or (B,Q,K) logits
     * @param masks   (B,Q,H,W) logits
     */
    public record Prediction(SDVariable query, SDVariable classes, SDVariable masks) {
    }

    public DQTD(ModelConfig config) {
        this(config.decoders().heads(), config.decoders().nDec(), residual(config));
    }

    /** @param residual whether a mask kernel is the query plus its MLP */
    DQTD(int heads, int layers, boolean residual) {
        this.heads = heads;
        this.layers = layers;
        this.residual = residual;
    }

    private static boolean residual(ModelConfig config) {
        return config.output().maskHead() == ModelConfig.MaskHead.RESIDUAL;
    }

    public static void init(Initializer at, ModelConfig c, int classes) {
        int d = c.queries().dim();
        int textRows = c.queries().levels() * classes;
        at.normal("query_pos", 1, false, c.queries().rows(classes), d);
        if (c.queries().visualQueries() > 0) {
            at.normal("visual_queries", 1, false, c.queries().visualQueries(), d);
            int g = (int) Math.round(Math.sqrt(c.queries().visualQueries()));
            INDArray all = at.store().get(at.prefix() + ".query_pos").array();
            all.get(NDArrayIndex.interval(textRows, textRows + c.queries().visualQueries()), NDArrayIndex.all())
                .assign(SinePositions.ofSlots(g, d, at.type()));
        }
        at.normal("level_embed", 1, false, PixelDecoder.FEATURE_LEVELS, d);
        for (int i = 0; i < c.decoders().nDec(); i++) {
            DecoderLayer.init(at.at("layers." + i), d, c.decoders().decFfn(), c.zeroInit().decoder(), c.decoders().layerScale());
        }
        at.norm("decoder_norm", d);
        ClassHead.init(at, "class_head", d, classes, c.output().noObject());
        if (c.dynamicMasks()) {
            MaskHead.init(at.at("mask_head"), d, residual(c));
        }
    }

    /**
     * @param text    (B,L*K,D), Q_aligned
     * @param keyBias (B,L*K) bias of text rows as keys, or null
     * @param pixels  the pixel decoder's memory, positions and mask feature
     * @param all     also keep the predictions before every layer (for the losses); else only the last one
     * @return predictions in order, the last one last
     */
    public List<Prediction> apply(Scope s, SDVariable text, SDVariable keyBias, PixelDecoder.Output pixels, boolean all) {
        Ops ops = s.ops();
        SDVariable q = text;
        SDVariable bias = keyBias;
        if (s.has("visual_queries")) {
            SDVariable visual = s.get("visual_queries");
            long batch = ops.shape(text)[0];
            long[] v = ops.shape(visual);
            q = ops.concat(1, text, ops.broadcast(ops.reshape(visual, 1, v[0], v[1]), batch, v[0], v[1]));
            bias = keyBias == null ? null : ops.concat(1, keyBias,
                ops.constant("visual_key_bias", Nd4j.zeros(visual.getArr().dataType(), batch, v[0])));
        }
        List<SDVariable> values = new ArrayList<>();
        List<SDVariable> keys = new ArrayList<>();
        for (int i = 0; i < PixelDecoder.FEATURE_LEVELS; i++) {
            values.add(ops.add(pixels.memory().get(i), ops.slice(s.get("level_embed"), 0, i, i + 1L)));
            keys.add(ops.add(values.get(i), pixels.positions().get(i)));
        }
        SDVariable[] small = all ? null : smallFeatures(ops, pixels);
        List<Prediction> predictions = new ArrayList<>();
        for (int i = 0; i <= layers; i++) {
            SDVariable n = s.layerNorm("decoder_norm", q);
            SDVariable kernels = MaskHead.kernels(s.at("mask_head"), n, residual);
            SDVariable masks = null;
            if (all || i == layers) {
                masks = MaskHead.masks(ops, kernels, pixels.feature());
                predictions.add(new Prediction(n, ClassHead.apply(s, "class_head", n), masks));
            }
            if (i < layers) {
                int level = i % PixelDecoder.FEATURE_LEVELS;
                int[] shape = pixels.shapes()[level];
                // Without gradients from here: the masks only say where to look.
                SDVariable open = ops.attentionMask(all ? masks : MaskHead.masks(ops, kernels, small[level]), shape[0], shape[1]);
                q = DecoderLayer.apply(s.at("layers." + i), q, s.get("query_pos"), keys.get(level), values.get(level), heads, open, bias);
                ops.endOfBlock(q);
            }
        }
        return predictions;
    }

    /**
     * The mask feature at the size of every level. Resizing is linear, so resizing the feature first gives the same masks
     * as resizing the masks, for a fraction of the work.
     */
    private static SDVariable[] smallFeatures(Ops ops, PixelDecoder.Output pixels) {
        SDVariable[] small = new SDVariable[PixelDecoder.FEATURE_LEVELS];
        for (int i = 0; i < small.length; i++) {
            int[] shape = pixels.shapes()[i];
            small[i] = ops.resize(pixels.feature(), shape[0], shape[1], Resize.BILINEAR);
        }
        return small;
    }
}
