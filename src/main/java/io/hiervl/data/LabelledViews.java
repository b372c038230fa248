package io.hiervl.data;

import io.hiervl.config.AugmentationConfig;
import io.hiervl.image.ClipNormalize;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A labelled image: [image (1, 3, side, side), labels (1, side, side)] after one random geometry and mild changes of colour, on a canvas
 * of that side.
 *
 * @param geometry  joint transform of photo and labels, colours included
 * @param normalize bytes to network input
 */
record LabelledViews(JointTransform geometry, ClipNormalize normalize) implements Views {
    LabelledViews(int crop, int canvas, AugmentationConfig config, ClipNormalize normalize) {
        this(new Geometric(crop, config).then(new LabelledColours(config.colour().labelled())).then(new Canvas(canvas)), normalize);
    }

    @Override
    public List<INDArray> make(Pair in, SplittableRandom random) {
        Pair out = geometry.apply(in, random);
        return List.of(normalize.apply(out.photo()), MapArrays.labels(out.labels()));
    }
}
