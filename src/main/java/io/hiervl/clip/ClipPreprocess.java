package io.hiervl.clip;

import io.hiervl.image.ClipNormalize;
import io.hiervl.image.Photo;
import io.hiervl.image.PilResize;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * CLIP's own preprocessing (openai/CLIP {@code _transform}): shorter side resized to the crop with Pillow's bicubic
 * filter, centre crop, mean and standard deviation.
 */
public final class ClipPreprocess {
    private final int size;
    private final ClipNormalize normalize;

    public ClipPreprocess(Preprocessing settings) {
        this.size = settings.size();
        this.normalize = new ClipNormalize(settings.mean(), settings.std());
    }

    /** @return the square crop as the tower sees it, before normalisation */
    Photo crop(Photo photo) {
        long w = photo.width();
        long h = photo.height();
        // The longer side is cut to whole pixels, as torchvision does.
        int width = (int) (w <= h ? size : size * w / h);
        int height = (int) (w <= h ? size * h / w : size);
        return PilResize.resize(photo, width, height, PilResize.Filter.BICUBIC,
            new PilResize.Window(middle(width), middle(height), size, size));
    }

    /** Python rounds halves to the even number. */
    private int middle(int side) {
        return (int) Math.rint((side - size) / 2.0);
    }

    /** @return (B,3,size,size), normalised float32 */
    public INDArray apply(List<Photo> photos) {
        return normalize.apply(photos.stream().map(this::crop).toList());
    }
}
