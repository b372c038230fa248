package io.hiervl.model;

import io.hiervl.Content;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Resize;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Multi-scale deformable pixel decoder in whose layers pixels and text rows look at each other (paper 3.3, docs/paper.md 4).
 * Levels run from low to high resolution: strides 32, 16, 8 for a patch of 16.
 */
public final class PixelDecoder {
    /** Feature levels of deformable attention. */
    public static final int FEATURE_LEVELS = 3;

    private final EncoderLayer layer;
    private final int layers;
    private final int groups;

    /**
     * @param memory    per level (B,h*w,D)
     * @param positions per level (h*w,D), sine features without level embedding
     * @param shapes    {h,w} per level
     * @param feature   F_pixel (B,D,H,W)
     * @param queries   per level (B,K,D), Q_aligned
     * @param alpha     attention of equation 1, per layer as in {@link EncoderLayer.Output#alpha}
     */
    public record Output(List<SDVariable> memory, List<SDVariable> positions, int[][] shapes, SDVariable feature, List<SDVariable> queries,
        List<List<SDVariable>> alpha) {
        @Override
        public boolean equals(Object other) {
            return Content.equal(this, other);
        }

        @Override
        public int hashCode() {
            return Content.hash(this);
        }

        @Override
        public String toString() {
            return Content.text(this);
        }
    }

    public PixelDecoder(ModelConfig config) {
        this(new EncoderLayer(config), config.decoders().nEnc(), config.decoders().normGroups());
    }

    PixelDecoder(EncoderLayer layer, int layers, int groups) {
        this.layer = layer;
        this.layers = layers;
        this.groups = groups;
    }

    /** @param width channels of the pyramid */
    public static void init(Initializer at, ModelConfig c, int width, int classes) {
        int d = c.queries().dim();
        at.normal("level_embed", 1, false, FEATURE_LEVELS, d);
        if (c.alignment().cmsam() != ModelConfig.Cmsam.OFF) {
            at.normal("text_pos", 1, false, c.queries().levels(), classes, d);
        }
        if (c.alignment().cmsam() == ModelConfig.Cmsam.SHARED) {
            CMSAM.init(at.at("cmsam"), d, c.decoders().cmDim(), c.zeroInit().cmsam());
        }
        for (int i = 0; i < FEATURE_LEVELS; i++) {
            Initializer in = at.at("input_proj." + i);
            in.xavierUniform("conv.weight", d, width, 1, 1);
            in.constant("conv.bias", 0, d);
            in.norm("norm", d);
        }
        for (int i = 0; i < c.decoders().nEnc(); i++) {
            EncoderLayer.init(at.at("layers." + i), c, FEATURE_LEVELS);
        }
        at.at("lateral").caffeConv("conv", width, d, 1, false);
        at.at("lateral").norm("norm", d);
        at.at("output").caffeConv("conv", d, d, 3, false);
        at.at("output").norm("norm", d);
        at.caffeConv("mask_features", d, d, 1, true);
    }

    /**
     * @param pyramid F_1..F_4
     * @param queries per abstraction level (B,K,D), gated; empty for Mask2Former's decoder
     * @param gate    null without text
     */
    public Output apply(Scope s, List<FeatureMap> pyramid, List<SDVariable> queries, Gate gate) {
        Ops ops = s.ops();
        int[][] shapes = new int[FEATURE_LEVELS][];
        List<SDVariable> tokens = new ArrayList<>();
        List<SDVariable> sines = new ArrayList<>();
        List<SDVariable> places = new ArrayList<>();
        SDVariable levelEmbed = s.get("level_embed");
        DataType type = levelEmbed.getArr().dataType();
        int dim = (int) ops.shape(levelEmbed)[1];
        for (int i = 0; i < FEATURE_LEVELS; i++) {
            Scope in = s.at("input_proj." + i);
            SDVariable map = in.groupNorm("norm", pyramid.get(FEATURE_LEVELS - i).projected(in.at("conv")), groups);
            long[] m = ops.shape(map);
            shapes[i] = new int[] {(int) m[2], (int) m[3]};
            tokens.add(ops.toTokens(map));
            SDVariable sine = ops.constant("sine_level" + i, SinePositions.ofMap(shapes[i][0], shapes[i][1], dim, type));
            sines.add(sine);
            places.add(ops.add(sine, ops.slice(levelEmbed, 0, i, i + 1L)));
        }
        SDVariable positions = ops.concat(0, places.toArray(new SDVariable[0]));
        SDVariable reference = ops.constant("reference_points", ReferencePoints.of(shapes, type));
        EncoderLayer.Context context = new EncoderLayer.Context(positions, reference, shapes, textPositions(s, queries),
            gate == null ? null : gate.keyBias(), gate == null ? null : gate.s(), s.has("cmsam.W_K.weight") ? s.at("cmsam") : null);
        SDVariable x = EncoderLayer.join(ops, tokens);
        List<SDVariable> rows = queries;
        List<List<SDVariable>> alpha = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            EncoderLayer.Output out = layer.apply(s.at("layers." + i), x, rows, context);
            x = out.pixels();
            rows = out.queries();
            alpha.add(out.alpha());
            ops.endOfBlock(rows.isEmpty() ? x : rows.get(rows.size() - 1));
        }
        List<SDVariable> memory = EncoderLayer.split(ops, x, shapes);
        SDVariable feature = feature(s, pyramid.get(0), memory.get(FEATURE_LEVELS - 1), shapes[FEATURE_LEVELS - 1]);
        ops.endOfBlock(feature);
        return new Output(memory, sines, shapes, feature, rows, alpha);
    }

    private static List<SDVariable> textPositions(Scope s, List<SDVariable> queries) {
        List<SDVariable> result = new ArrayList<>();
        if (!queries.isEmpty()) {
            SDVariable all = s.get("text_pos");
            long[] p = s.ops().shape(all);
            for (int l = 0; l < queries.size(); l++) {
                result.add(s.ops().reshape(s.ops().slice(all, 0, l, l + 1L), p[1], p[2]));
            }
        }
        return result;
    }

    /** FPN to the finest map, then the mask features. */
    private SDVariable feature(Scope s, FeatureMap f1, SDVariable finest, int[] shape) {
        Ops ops = s.ops();
        Scope lateral = s.at("lateral");
        SDVariable side = lateral.groupNorm("norm", f1.projected(lateral.at("conv")), groups);
        long[] m = ops.shape(side);
        SDVariable up = ops.resize(ops.toMap(finest, shape[0], shape[1]), (int) m[2], (int) m[3], Resize.BILINEAR);
        Scope output = s.at("output");
        SDVariable smooth = output.groupNorm("norm", output.conv("conv", ops.add(side, up), 1, 1), groups);
        return s.conv("mask_features", ops.activation(smooth, Activation.RELU), 1, 0);
    }
}
