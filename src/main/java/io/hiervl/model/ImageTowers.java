package io.hiervl.model;

import io.hiervl.backbone.Backbone;
import io.hiervl.backbone.Resampling;
import io.hiervl.clip.DensePath;
import io.hiervl.clip.TowerParameters.Trained;
import io.hiervl.graph.Initializer;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import io.hiervl.tensor.Resize;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The image tower that a network trains, and the frozen CLIP beside it. Parameters: {@code vision.*}, {@code frozen.vision.*}.
 *
 * <p>CLIP's own tower is aligned with texts and is both. Another tower, such as DINOv2, is not. Then three things stand in for what
 * the equations read of CLIP's trained tower:
 * <ul>
 * <li>v of the gate (paper 3.2) is the frozen CLIP's embedding of the image, resized to the size that CLIP was trained at. The gate cuts
 * v off from its gradient, so a trained projection would learn nothing there, and CLIP's cosines tell classes from the first step on.
 * <li>Dense embeddings (equations 6 and 7) are the tower's own behind a trained linear layer {@code dense_projection}, D to C.
 * <li>The reference of equation 6 and the guidance are the frozen CLIP's, on the image resized so that both towers have the same grid.
 * </ul>
 *
 * @param image trained tower: feeds the pyramid
 * @param clip  CLIP's tower
 */
public record ImageTowers(Backbone image, Backbone clip) {
    /** Where the trained tower's parameters stand. */
    public static final String VISION = "vision";
    /** Where the frozen CLIP's parameters stand. */
    public static final String FROZEN = "frozen.vision";
    private static final String PROJECTION = "dense_projection";

    /** CLIP's image tower alone: a trained one and its frozen copy. */
    public static ImageTowers of(Backbone clip) {
        return new ImageTowers(clip, clip);
    }

    /** Whether the trained tower's embeddings can be compared with texts. */
    public boolean aligned() {
        return image.joint() > 0;
    }

    /** The same towers with this interpolation of position tables. */
    ImageTowers withPositions(Resize resize) {
        return new ImageTowers(image.withPositions(resize), clip.withPositions(resize));
    }

    /**
     * The trained tower.
     *
     * @param root   scope with an empty prefix
     * @param images (B,3,H,W), normalised for the trained tower
     * @param path   NONE unless dense embeddings are wanted
     * @return taps, v (B,C) of unit length, dense embeddings (B,h*w,C) or null
     */
    Backbone.Output apply(Scope root, SDVariable images, List<Integer> taps, DensePath path) {
        Backbone.Output out = image.apply(root.at(VISION), images, taps, path);
        if (aligned()) {
            return out;
        }
        SDVariable dense = out.dense() == null ? null : root.linear(PROJECTION, out.dense());
        return new Backbone.Output(out.taps(), guideEmbedding(root, images), dense);
    }

    /** v (B,C), unit length. */
    public SDVariable embedding(Scope root, SDVariable images) {
        return aligned() ? image.apply(root.at(VISION), images, List.of(), DensePath.NONE).embedding() : guideEmbedding(root, images);
    }

    /** Dense embeddings (B,h*w,C) of the trained tower. */
    public SDVariable dense(Scope root, SDVariable images, DensePath path) {
        SDVariable own = image.apply(root.at(VISION), images, List.of(), path).dense();
        return aligned() ? own : root.linear(PROJECTION, own);
    }

    /** Dense embeddings (B,h*w,C) of the frozen CLIP on the trained tower's grid; images are normalised for the trained tower. */
    public SDVariable frozenDense(Scope root, SDVariable images, DensePath path) {
        long[] s = root.ops().shape(images);
        int h = (int) s[2] / image.patch() * clip.patch();
        int w = (int) s[3] / image.patch() * clip.patch();
        return clip.apply(root.at(FROZEN), forClip(root.ops(), images, h, w), List.of(), path).dense();
    }

    private SDVariable guideEmbedding(Scope root, SDVariable images) {
        SDVariable seen = forClip(root.ops(), images, clip.image(), clip.image());
        return clip.apply(root.at(FROZEN), seen, List.of(), DensePath.NONE).embedding();
    }

    /** Images (B,3,H,W) as CLIP wants them: its size, its colours. */
    private SDVariable forClip(Ops ops, SDVariable images, int height, int width) {
        if (aligned()) {
            return images;
        }
        long[] s = ops.shape(images);
        SDVariable x = s[2] == height && s[3] == width ? images : Resampling.PILLOW.apply(ops, images, height, width);
        float[] mean = image.colours().mean();
        float[] std = image.colours().std();
        double[] factor = new double[3];
        double[] shift = new double[3];
        for (int c = 0; c < 3; c++) {
            factor[c] = std[c] / clip.colours().std()[c];
            shift[c] = (mean[c] - clip.colours().mean()[c]) / clip.colours().std()[c];
        }
        SDVariable scaled = ops.mul(x, ops.constant("colour_factor", perChannel(factor, images.dataType())));
        return ops.add(scaled, ops.constant("colour_shift", perChannel(shift, images.dataType())));
    }

    private static INDArray perChannel(double[] values, DataType type) {
        return Nd4j.create(values, new long[] {1, 3, 1, 1}, 'c').castTo(type);
    }

    /**
     * Adds the parameters of both towers.
     *
     * @param side patches along a side of the training crop
     */
    void addParameters(ParameterStore store, Map<String, INDArray> imageWeights, Map<String, INDArray> clipWeights, Trained trained,
                       int side, DataType type) {
        image.addParameters(store, VISION, imageWeights, trained, side, type);
        // The gate sees images at CLIP's own size: the table then stays as it is in the file.
        int own = aligned() ? side : clip.image() / clip.patch();
        clip.addParameters(store, FROZEN, clipWeights, Trained.NONE, own, type);
    }

    /** Adds the newly initialised projection, if there is one. */
    void init(Initializer root) {
        if (!aligned()) {
            root.linear(PROJECTION, image.width(), clip.joint());
        }
    }

    /** Whether predictions need this parameter: text and, unless the gate reads it, the frozen CLIP are for training only. */
    public boolean predictionNeeds(String parameter) {
        return !parameter.startsWith("text.") && (!aligned() || !parameter.startsWith("frozen."));
    }
}
