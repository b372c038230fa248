package io.hiervl.data;

import io.hiervl.config.AugmentationConfig;
import io.hiervl.image.ClipNormalize;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An unlabelled image: [weak, strong 1, strong 2 (1, 3, side, side), valid (1, side, side)] and, where a mask exists,
 * [truth (1, side, side)], on a canvas of that side. The strong views are independent colour changes of the weak one.
 *
 * @param geometry  joint transform, the same for all views
 * @param strong    colour changes
 * @param canvas    padding of every view
 * @param normalize bytes to network input
 */
record UnlabelledViews(JointTransform geometry, JointTransform strong, Canvas canvas, ClipNormalize normalize) implements Views {
    UnlabelledViews(int crop, int canvas, AugmentationConfig config, ClipNormalize normalize) {
        this(new Geometric(crop, config), new StrongView(crop, config), new Canvas(canvas), normalize);
    }

    @Override
    public List<INDArray> make(Pair in, SplittableRandom random) {
        Pair crop = geometry.apply(in, random);
        JointTransform colours = strong.then(canvas);
        Pair weak = canvas.apply(crop, random);
        List<INDArray> out = new ArrayList<>();
        out.add(normalize.apply(weak.photo()));
        out.add(normalize.apply(colours.apply(crop, random).photo()));
        out.add(normalize.apply(colours.apply(crop, random).photo()));
        out.add(MapArrays.valid(weak.valid()));
        if (weak.labels() != null) {
            out.add(MapArrays.labels(weak.labels()));
        }
        return out;
    }
}
