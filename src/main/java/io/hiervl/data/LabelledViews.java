package io.hiervl.data;

import io.hiervl.config.AugmentationConfig;
import io.hiervl.image.ClipNormalize;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A labelled image: [image (1, 3, crop, crop), labels (1, crop, crop)] after one random geometry.
 *
 * @param geometry  joint transform of photo and labels
 * @param normalize bytes to network input
 */
public record LabelledViews(JointTransform geometry, ClipNormalize normalize) implements Views {
    public LabelledViews(int crop, AugmentationConfig config, ClipNormalize normalize) {
        this(new Geometric(crop, config), normalize);
    }

    @Override
    public List<INDArray> make(Pair in, SplittableRandom random) {
        Pair out = geometry.apply(in, random);
        return List.of(normalize.apply(out.photo()), MapArrays.labels(out.labels()));
    }
}
