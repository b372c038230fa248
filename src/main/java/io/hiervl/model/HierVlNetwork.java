package io.hiervl.model;

import io.hiervl.backbone.Backbone;
import io.hiervl.backend.Backend;
import io.hiervl.backend.choice.Backends;
import io.hiervl.clip.DensePath;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.FusedOps;
import io.hiervl.graph.Graphs;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Resize;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The whole network over one parameter store. Every view (labelled, strong, feature-perturbed, masked) is made of the same
 * calls, in whatever graph.
 */
public final class HierVlNetwork {
    private final Backend backend;
    private final ModelConfig config;
    private final ImageTowers towers;
    private final int classes;

    /**
     * @param pyramid F_1..F_4
     * @param v       (B,C), unit length
     * @param dense   (B,h*w,C) not normalised, or null
     * @param unet    maps of the U-Net, or none
     * @param norm    how the U-Net is normalised
     */
    public record Features(List<FeatureMap> pyramid, SDVariable v, SDVariable dense, List<SDVariable> unet, BatchNorm norm) {
        /**
         * Features with whole channels switched off (the "fp" view). v stays as it is.
         *
         * @param keep one (B,C_i) per map of the pyramid, then of the U-Net: 0, or 1/(1-p) for channels that stay; all ones change
         *             nothing
         */
        public Features dropped(Ops ops, List<SDVariable> keep) {
            int n = pyramid.size();
            List<SDVariable> maps = dropped(ops, pyramid.stream().map(FeatureMap::value).toList(), keep.subList(0, n));
            return new Features(maps.stream().map(FeatureMap::of).toList(), v, dense, dropped(ops, unet, keep.subList(n, keep.size())),
                norm);
        }

        private static List<SDVariable> dropped(Ops ops, List<SDVariable> maps, List<SDVariable> keep) {
            List<SDVariable> result = new ArrayList<>();
            for (int i = 0; i < maps.size(); i++) {
                long[] k = ops.shape(keep.get(i));
                result.add(ops.mul(maps.get(i), ops.reshape(keep.get(i), k[0], k[1], 1, 1)));
            }
            return result;
        }
    }

    /**
     * @param predictions in order; the last one counts
     * @param gate        gate with its logit
     * @param pixels      of the pixel decoder, with the attention of equation 1 per layer
     * @param unet        of the U-Net, or null without one
     */
    public record Output(List<DQTD.Prediction> predictions, Gate gate, PixelDecoder.Output pixels, UNet.Output unet) {
        public DQTD.Prediction last() {
            return predictions.get(predictions.size() - 1);
        }

        /** Class logits (B,K,H/2,W/2) of the U-Net. */
        public SDVariable unetLogits() {
            return unet.logits();
        }
    }

    /** A network on the device of this process. */
    public HierVlNetwork(ModelConfig config, ImageTowers towers, int classes) {
        this(config, towers, classes, Backends.compute());
    }

    /** @param backend where its graphs run */
    public HierVlNetwork(ModelConfig config, ImageTowers towers, int classes, Backend backend) {
        this.backend = backend;
        this.config = config;
        this.towers = towers.withPositions(positionResize(config));
        this.classes = classes;
    }

    /** The same modules on another device. */
    public HierVlNetwork on(Backend other) {
        return new HierVlNetwork(config, towers, classes, other);
    }

    /** Where its graphs run. */
    public Backend backend() {
        return backend;
    }

    public ModelConfig config() {
        return config;
    }

    /** The trained image tower and the frozen CLIP. */
    public ImageTowers towers() {
        return towers;
    }

    /** Sides of images must be a multiple of it: patches, and the pyramid's coarsest map at twice the patch, come out even. */
    public int sizeMultiple() {
        return 2 * towers.image().patch();
    }

    public int classes() {
        return classes;
    }

    /** The vocabulary of a new, empty graph that computes as the configuration says. */
    public FusedOps newGraph(DataType type) {
        return new FusedOps(Graphs.create(), type, ComputeSettings.of(config, backend));
    }

    /**
     * Features in training: batch norm looks at these images.
     *
     * @param root   scope with an empty prefix
     * @param images (B,3,H,W), normalised
     * @param dense  NONE unless per-patch embeddings are wanted
     */
    public Features encode(Scope root, SDVariable images, DensePath dense) {
        return encode(root, images, tower(root, images, dense));
    }

    /** The same from what the image tower made of the images. */
    public Features encode(Scope root, SDVariable images, Backbone.Output tower) {
        return encode(root, images, tower, BatchNorm.ofBatch());
    }

    /** The trained image tower on images (B,3,H,W). */
    public Backbone.Output tower(Scope root, SDVariable images, DensePath dense) {
        return towers.apply(root, images, taps(), dense);
    }

    private Features encode(Scope root, SDVariable images, Backbone.Output out, BatchNorm norm) {
        List<FeatureMap> maps = Pyramid.apply(root.at("pyramid"), out.taps(), config.decoders().normGroups());
        if (config.tower().stem() > 0) {
            maps = Stem.add(root.at("stem"), images, maps, towers.image().patch());
        }
        List<SDVariable> unet = config.tower().unet() > 0 ? UNet.encode(root.at("unet"), images, norm) : List.of();
        return new Features(maps, out.embedding(), out.dense(), unet, norm);
    }

    /** Channels of the maps of which {@link Features#dropped} drops some. */
    public List<Integer> droppable() {
        List<Integer> channels = new ArrayList<>(Collections.nCopies(Pyramid.LEVELS, towers.image().width()));
        if (config.tower().unet() > 0) {
            channels.addAll(UNet.channels(config.tower().unet()));
        }
        return channels;
    }

    /** 0-based blocks of the image tower that feed the pyramid: those of the configuration, else the tower's own choice. */
    public List<Integer> taps() {
        return config.tower().taps() == null ? towers.image().taps() : config.tower().tapsFor(towers.image().layers());
    }

    static Resize positionResize(ModelConfig config) {
        return config.tower().posResize() == ModelConfig.PositionResize.BILINEAR ? Resize.BILINEAR : Resize.BICUBIC;
    }

    /**
     * @param t        (K,C), unit length
     * @param presence (B,K) or null for predicted gates only
     * @param useGt    (B) or null
     * @param all      keep the predictions before every layer too
     */
    public Output decode(Scope root, Features features, SDVariable t, SDVariable presence, SDVariable useGt, boolean all) {
        Ops ops = root.ops();
        boolean gated = config.gate().mode() != ModelConfig.GateMode.NONE;
        HSQG.Output queries =
            gated ? HSQG.apply(root.at("hsqg"), t, features.v(), presence, useGt, config.queries().levels(), config.gate())
                : HSQG.open(root.at("hsqg"), t, features.v(), config.queries().levels());
        boolean aligned = config.alignment().cmsam() != ModelConfig.Cmsam.OFF;
        PixelDecoder.Output pixels = new PixelDecoder(config).apply(root.at("pixel_decoder"), features.pyramid(),
            aligned ? queries.queries() : List.of(), aligned ? queries.factor() : null);
        SDVariable text = EncoderLayer.join(ops, aligned ? pixels.queries() : queries.queries());
        List<DQTD.Prediction> predictions =
            new DQTD(config).apply(root.at("query_decoder"), text, queries.gate().keyBias(ops, config.queries().levels()),
                pixels, all);
        UNet.Output unet = features.unet().isEmpty() ? null : UNet.decode(root.at("unet"), features.unet(), features.norm());
        return new Output(predictions, queries.gate(), pixels, unet);
    }

    /**
     * S (B,K,H,W) at the size of the masks, or of the U-Net's logits if there is one, from the last prediction, for training: all rows
     * count alike.
     */
    public SDVariable scores(Ops ops, Output out) {
        return joined(ops, SemanticInference.scores(ops, out.last().classes(), out.last().masks(), classes, null, rows()), out);
    }

    /** S for predictions: with the options that concern inference only. */
    public SDVariable inferenceScores(Ops ops, Output out) {
        SDVariable weight = config.gate().classProbability()
            ? SemanticInference.gateWeights(ops, out.gate(), config.queries().levels(), config.queries().visualQueries(),
                out.last().classes().dataType())
            : null;
        return joined(ops, SemanticInference.scores(ops, out.last().classes(), out.last().masks(), classes, weight, rows()), out);
    }

    private SDVariable joined(Ops ops, SDVariable s, Output out) {
        if (config.tower().unetAlone()) {
            return UNet.alone(ops, out.unet());
        }
        return out.unet() == null ? s : UNet.join(ops, s, out.unet());
    }

    private long rows() {
        return config.output().visualRowsInS() ? config.queries().rows(classes) : (long) config.queries().levels() * classes;
    }

    /** Images to log scores z (B,K,H,W) at the size of the images. */
    public SDVariable infer(Scope root, SDVariable images, SDVariable t) {
        Ops ops = root.ops();
        long[] s = ops.shape(images);
        return SemanticInference.logScores(ops, small(root, images, t), (int) s[2], (int) s[3], config.output().temperature());
    }

    /** Images to S (B,K,H,W) at the size of the images, for callers that make probabilities of it themselves. */
    public SDVariable inferScores(Scope root, SDVariable images, SDVariable t) {
        long[] s = root.ops().shape(images);
        return root.ops().resize(small(root, images, t), (int) s[2], (int) s[3], Resize.BILINEAR);
    }

    /** What a prediction makes on its way: predictions before every layer, gate, alignment. For looking inside. */
    public Output inside(Scope root, SDVariable images, SDVariable t) {
        return decode(root, encode(root, images, tower(root, images, DensePath.NONE), BatchNorm.stored()), t, null, null, true);
    }

    private SDVariable small(Scope root, SDVariable images, SDVariable t) {
        return inferenceScores(root.ops(),
            decode(root, encode(root, images, tower(root, images, DensePath.NONE), BatchNorm.stored()), t, null, null, false));
    }

    /** The root scope over a store. */
    public static Scope root(Ops ops, ParameterStore store) {
        return new Scope(ops, store, "");
    }
}
