package io.hiervl.backbone;

import io.hiervl.clip.DensePath;
import io.hiervl.clip.TowerParameters.Trained;
import io.hiervl.graph.ParameterStore;
import io.hiervl.graph.Scope;
import io.hiervl.image.ClipNormalize;
import io.hiervl.tensor.Resize;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An image tower: a vision transformer that the network, training, prediction and export know by this interface alone.
 * It holds sizes and rules; its weights are {@link BackboneWeights} or lie in a {@link ParameterStore}. Immutable.
 */
public interface Backbone {
    /**
     * What a tower makes of images.
     *
     * @param taps      (B,D,h,w) after the asked blocks, in the order asked for
     * @param embedding of the whole image: (B,C) of unit length if the tower is aligned with texts, else the class token (B,D)
     * @param dense     of every patch, row by row: (B,h*w,C), not normalised, if the tower is aligned with texts, else (B,h*w,D); null
     *                  if it was not asked for
     */
    record Output(List<SDVariable> taps, SDVariable embedding, SDVariable dense) {
    }

    /** Its name in manifests: {@link BackboneFamily#name}. */
    String family();

    /** Side of a patch in pixels. */
    int patch();

    /** Width D of its tokens. */
    int width();

    int layers();

    /** Side in pixels of the images whose grid the position table of its file has. */
    int image();

    /** Width C of the space that its embeddings share with a text tower; 0 if there is no such space. */
    int joint();

    /** How it wants its colours. */
    ClipNormalize colours();

    /** 0-based blocks, four of them, that feed the pyramid unless the configuration names others. */
    List<Integer> taps();

    /** The same tower with this interpolation of its position table. A tower with a rule of its own keeps that. */
    Backbone withPositions(Resize resize);

    /**
     * The tower at any size that its patch divides. Prompt tokens {@code prompt} (p,D) take part if the scope has them.
     *
     * @param s      scope of its parameters, for example {@code vision}
     * @param images (B,3,H,W), normalised with {@link #colours}
     * @param taps   0-based blocks
     * @param dense  NONE unless embeddings of patches are wanted; a tower that is not aligned with texts has one way to make them
     * @throws io.hiervl.HierVlException exit code 4 if the patch does not divide a side
     */
    Output apply(Scope s, SDVariable images, List<Integer> taps, DensePath dense);

    /**
     * Adds the parameters to a store. The position table is resized once to the grid of the training crop. Trained arrays are copies,
     * frozen ones are shared with {@code weights} where the data type allows it.
     *
     * @param prefix  scope, for example {@code vision}
     * @param weights arrays of a tower of these sizes
     * @param side    patches along a side of the training crop
     */
    void addParameters(ParameterStore store, String prefix, Map<String, INDArray> weights, Trained trained, int side, DataType type);

    /**
     * A parameter of another tower of this kind at this one's size: a position table is resized to the grid, others stay as they are.
     *
     * @param name without prefix
     * @param side patches along a side of the training crop
     */
    INDArray fitted(String name, INDArray array, int side);

    /**
     * Shapes of its parameters by name without prefix. The first length of a position table is -1: it follows the training crop, a
     * square number of rows and one.
     */
    Map<String, long[]> shapes();

    /** Sizes and rules for a manifest, of numbers, texts, lists and maps, without colours; {@link BackboneFamily#described} reads them. */
    Map<String, Object> describe();
}
