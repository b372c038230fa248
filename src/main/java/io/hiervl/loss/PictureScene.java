package io.hiervl.loss;

import io.hiervl.config.Recipe;
import io.hiervl.graph.Scope;
import io.hiervl.model.HierVlNetwork;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Images that the whole network has seen.
 *
 * @param <T> targets of the view
 */
public abstract class PictureScene<T extends PictureTargets> extends Scene<T> {
    private final HierVlNetwork.Features features;
    private final HierVlNetwork.Output output;
    private final SDVariable z;

    PictureScene(Scope root, SDVariable t, Placeholders<T> in, HierVlNetwork.Features features, HierVlNetwork.Output output, SDVariable z) {
        super(root, t, in);
        this.features = features;
        this.output = output;
        this.z = z;
    }

    /** Features of the image tower, before dropout. */
    public HierVlNetwork.Features features() {
        return features;
    }

    /** What the decoders give. */
    public HierVlNetwork.Output output() {
        return output;
    }

    /** Log scores (b,K,h,w) of classes at the size of the labels. */
    public SDVariable z() {
        return z;
    }

    /** The set loss of every prediction, one op each, built for the first that asks. */
    public SetLosses.Terms setLosses(Recipe recipe) {
        return once(SetLosses.Terms.class, () -> SetTerm.losses(this, recipe));
    }
}
