package io.hiervl.data;

import io.hiervl.config.AugmentationConfig;
import io.hiervl.image.ClipNormalize;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An unlabelled image: [weak, strong 1, strong 2 (1, 3, crop, crop), valid (1, crop, crop)] and, where a mask exists,
 * [truth (1, crop, crop)]. The strong views are independent colour changes of the weak one.
 *
 * @param geometry  joint transform, the same for all views
 * @param strong    colour changes
 * @param normalize bytes to network input
 */
public record UnlabelledViews(JointTransform geometry, JointTransform strong, ClipNormalize normalize) implements Views {
    public UnlabelledViews(int crop, AugmentationConfig config, ClipNormalize normalize) {
        this(new Geometric(crop, config), new StrongView(crop, config), normalize);
    }

    @Override
    public List<INDArray> make(Pair in, SplittableRandom random) {
        Pair weak = geometry.apply(in, random);
        List<INDArray> out = new ArrayList<>();
        out.add(normalize.apply(weak.photo()));
        out.add(normalize.apply(strong.apply(weak, random).photo()));
        out.add(normalize.apply(strong.apply(weak, random).photo()));
        out.add(MapArrays.valid(weak.valid()));
        if (weak.labels() != null) {
            out.add(MapArrays.labels(weak.labels()));
        }
        return out;
    }
}
