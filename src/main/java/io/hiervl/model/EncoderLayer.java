package io.hiervl.model;

import io.hiervl.config.ModelConfig;
import io.hiervl.config.ModelConfig.AttentionOrder;
import io.hiervl.config.ModelConfig.CmsamLevels;
import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * One layer of the pixel decoder: deformable attention among pixels, pixels look at text, feed-forward, text looks at
 * pixels (equation 1). All weights are shared by the levels of the layer (docs/paper.md 4.3).
 */
final class EncoderLayer {
    private final int heads;
    private final int points;
    private final boolean literal;
    private final boolean matched;
    private final boolean deformableFirst;

    /**
     * What all layers share.
     *
     * @param positions    (N,D) or (B,N,D), sine and level embedding
     * @param reference    (N,2)
     * @param shapes       {h,w} of each level, coarsest first
     * @param textPosition per level (K,D); null without text
     * @param keyBias      (B,K), for text rows as keys
     * @param factor       (B,K), multiplies the update of equation 1
     * @param cmsam        where the layers' shared weights of equation 1 are; null if every layer has its own
     */
    record Context(SDVariable positions, SDVariable reference, int[][] shapes, List<SDVariable> textPosition, SDVariable keyBias,
        SDVariable factor, Scope cmsam) {
    }

    /**
     * @param pixels  (B,N,D)
     * @param queries per level (B,K,D)
     * @param alpha   per level (B,K,pixels of the level), or one (B,L*K,N) when levels are not matched
     */
    record Output(SDVariable pixels, List<SDVariable> queries, List<SDVariable> alpha) {
    }

    EncoderLayer(ModelConfig config) {
        this(config.decoders().heads(), config.decoders().points(), config.alignment().cmsamLiteral(),
            config.alignment().cmsamLevels() == CmsamLevels.MATCHED,
            config.alignment().attentionOrder() == AttentionOrder.DEFORMABLE_FIRST);
    }

    EncoderLayer(int heads, int points, boolean literal, boolean matched, boolean deformableFirst) {
        this.heads = heads;
        this.points = points;
        this.literal = literal;
        this.matched = matched;
        this.deformableFirst = deformableFirst;
    }

    static void init(Initializer at, ModelConfig c, int featureLevels) {
        int d = c.queries().dim();
        MSDeformAttn.init(at.at("self_attn"), d, c.decoders().heads(), featureLevels, c.decoders().points());
        at.norm("norm1", d);
        if (c.alignment().cmsam() != ModelConfig.Cmsam.OFF) {
            Attention.init(at.at("text_attn"), d);
            if (c.zeroInit().textAttn()) {
                Attention.zero(at.at("text_attn"));
            }
            at.norm("norm2", d);
        }
        FeedForward.init(at, d, c.decoders().encFfn());
        at.norm("norm3", d);
        LayerScale.init(at, d, c.decoders().layerScale(), "self_attn", "ffn");
        if (c.alignment().cmsam() != ModelConfig.Cmsam.OFF) {
            LayerScale.init(at, d, c.decoders().layerScale(), "text_attn");
        }
        if (c.alignment().cmsam() == ModelConfig.Cmsam.PER_LAYER) {
            CMSAM.init(at.at("cmsam"), d, c.decoders().cmDim(), c.zeroInit().cmsam());
        }
    }

    /** @param queries per level (B,K,D); an empty list gives Mask2Former's layer */
    Output apply(Scope s, SDVariable pixels, List<SDVariable> queries, Context context) {
        SDVariable x = pixels;
        boolean text = !queries.isEmpty();
        if (text && !deformableFirst) {
            x = lookAtText(s, x, queries, context);
        }
        SDVariable query = s.ops().add(x, context.positions);
        SDVariable seen = MSDeformAttn.apply(s.at("self_attn"), query, x, context.reference, context.shapes, heads, points);
        x = s.layerNorm("norm1", LayerScale.add(s, "self_attn", x, seen));
        if (text && deformableFirst) {
            x = lookAtText(s, x, queries, context);
        }
        x = s.layerNorm("norm3", LayerScale.add(s, "ffn", x, FeedForward.apply(s, x)));
        return text ? lookAtPixels(context.cmsam == null ? s.at("cmsam") : context.cmsam, x, queries, context)
            : new Output(x, queries, List.of());
    }

    /** x = LN(x + MHA(x + pos, q + textpos, q)); level l looks at the rows of level l, or everything at everything. */
    private SDVariable lookAtText(Scope s, SDVariable x, List<SDVariable> queries, Context context) {
        Ops ops = s.ops();
        Scope a = s.at("text_attn");
        int levels = queries.size();
        List<SDVariable> placed = new ArrayList<>();
        for (int l = 0; l < levels; l++) {
            placed.add(ops.add(queries.get(l), context.textPosition.get(l)));
        }
        // Projections are shared by the levels: one product for all.
        SDVariable q = a.linear("q_proj", ops.add(x, context.positions));
        SDVariable k = a.linear("k_proj", join(ops, placed));
        SDVariable v = a.linear("v_proj", join(ops, queries));
        SDVariable y;
        if (matched) {
            long classes = ops.shape(queries.get(0))[1];
            List<SDVariable> parts = new ArrayList<>();
            List<SDVariable> own = split(ops, q, context.shapes);
            for (int l = 0; l < levels; l++) {
                parts.add(ops.attention(own.get(l), ops.slice(k, 1, l * classes, (l + 1) * classes),
                    ops.slice(v, 1, l * classes, (l + 1) * classes),
                    heads, context.keyBias, null, false));
            }
            y = join(ops, parts);
        } else {
            y = ops.attention(q, k, v, heads, repeat(ops, context.keyBias, levels), null, false);
        }
        return s.layerNorm("norm2", LayerScale.add(s, "text_attn", x, a.linear("out_proj", y)));
    }

    private Output lookAtPixels(Scope s, SDVariable x, List<SDVariable> queries, Context context) {
        Ops ops = s.ops();
        SDVariable pixels = CMSAM.pixels(s, x, literal);
        SDVariable keys = CMSAM.keys(s, pixels);
        int levels = queries.size();
        List<SDVariable> out = new ArrayList<>();
        List<SDVariable> alpha = new ArrayList<>();
        if (matched) {
            List<SDVariable> px = split(ops, pixels, context.shapes);
            List<SDVariable> ks = split(ops, keys, context.shapes);
            for (int l = 0; l < levels; l++) {
                CMSAM.Output one = CMSAM.apply(s, queries.get(l), px.get(l), ks.get(l), context.factor, literal);
                out.add(one.queries());
                alpha.add(one.alpha());
            }
        } else {
            CMSAM.Output all = CMSAM.apply(s, join(ops, queries), pixels, keys, repeat(ops, context.factor, levels), literal);
            long classes = ops.shape(queries.get(0))[1];
            for (int l = 0; l < levels; l++) {
                out.add(ops.slice(all.queries(), 1, l * classes, (l + 1) * classes));
            }
            alpha.add(all.alpha());
        }
        return new Output(x, out, alpha);
    }

    /** Tokens of all levels, one level behind the other. */
    static SDVariable join(Ops ops, List<SDVariable> parts) {
        return parts.size() == 1 ? parts.get(0) : ops.concat(1, parts.toArray(new SDVariable[0]));
    }

    /** Tokens per level. */
    static List<SDVariable> split(Ops ops, SDVariable x, int[][] shapes) {
        List<SDVariable> parts = new ArrayList<>();
        long from = 0;
        for (int[] s : shapes) {
            long to = from + (long) s[0] * s[1];
            parts.add(ops.slice(x, 1, from, to));
            from = to;
        }
        return parts;
    }

    private static SDVariable repeat(Ops ops, SDVariable x, int times) {
        return join(ops, java.util.Collections.nCopies(times, x));
    }
}
