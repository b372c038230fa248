package io.hiervl.loss;

import io.hiervl.graph.Scope;
import io.hiervl.model.HierVlNetwork;
import org.nd4j.autodiff.samediff.SDVariable;

/** A strong or feature-perturbed view of unlabelled images. */
public final class UnlabelledScene extends PictureScene<ViewTargets> {
    public UnlabelledScene(Scope root, SDVariable t, Placeholders<ViewTargets> in, HierVlNetwork.Features features,
                           HierVlNetwork.Output output, SDVariable z) {
        super(root, t, in, features, output, z);
    }
}
