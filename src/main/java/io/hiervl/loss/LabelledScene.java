package io.hiervl.loss;

import io.hiervl.graph.Scope;
import io.hiervl.model.HierVlNetwork;
import org.nd4j.autodiff.samediff.SDVariable;

/** Labelled images. */
public final class LabelledScene extends PictureScene<LabelledTargets> {
    public LabelledScene(Scope root, SDVariable t, Placeholders<LabelledTargets> in, HierVlNetwork.Features features,
                         HierVlNetwork.Output output, SDVariable z) {
        super(root, t, in, features, output, z);
    }
}
