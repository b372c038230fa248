package io.hiervl.loss;

import io.hiervl.Content;
import io.hiervl.tensor.Tensor;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A view of an unlabelled batch.
 *
 * @param images   (U,3,H,W)
 * @param believed maps (U,h,w), mixed as the images are
 * @param keep     dropout factors (U,channels) of the pyramid's maps; empty for strong views
 * @param labels   (U,h,w) confident labels as masks of the set loss; null without it
 * @param set      of the set loss; null without it
 * @param points   of the set loss; null without it
 */
public record ViewTargets(Tensor images, Believed believed, List<INDArray> keep, INDArray labels, SetTargets set, SetPoints points)
    implements
        PictureTargets {
    /** The network's labels of the weak view, (U,h,w). */
    static final Input<ViewTargets> PSEUDO_LABELS = Input.tensor("labels", t -> t.believed().labelMap());

    /** Targets without masks. */
    public ViewTargets(Tensor images, Believed believed, List<INDArray> keep) {
        this(images, believed, keep, null, null, null);
    }

    /** Dropout factors of a map of the pyramid. */
    public static Input<ViewTargets> keep(int map) {
        return Input.perImage("keep" + (map + 1), t -> t.keep().get(map));
    }

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
