package io.hiervl.data;

import io.hiervl.MemoryLimits;
import io.hiervl.config.AugmentationConfig;
import io.hiervl.config.AugmentationConfig.ScaleMode;
import io.hiervl.image.LabelMap;
import io.hiervl.image.OpenCvResize;
import io.hiervl.image.Photo;
import io.hiervl.image.PilResize;
import java.util.SplittableRandom;

/**
 * Random scale, padding to the right and below (photo black, labels 255, validity 254), random crop, random flip
 * (UniMatch {@code dataset/transform.py}). Photos are resized bilinearly, labels by nearest neighbour: with Pillow's
 * arithmetic in mode LONG_SIDE (UniMatch), with OpenCV in mode RATIO (mmseg 0.x {@code Resize}, as SemiVL calls it).
 *
 * @param crop   side of the result in pixels
 * @param config scale range and probability of the flip
 */
public record Geometric(int crop, AugmentationConfig config) implements JointTransform {
    @Override
    public Pair apply(Pair in, SplittableRandom random) {
        return apply(in, draw(in.photo().width(), in.photo().height(), random));
    }

    /**
     * The random choices for one image.
     *
     * @param width  of the whole image after scaling
     * @param height of the whole image after scaling
     * @param left   of the crop on the padded canvas
     * @param top    of the crop on the padded canvas
     */
    public record Draw(int width, int height, int left, int top, boolean flip) {
    }

    /** Draws for an image of this size. */
    Draw draw(int width, int height, SplittableRandom random) {
        int w;
        int h;
        if (config.geometry().scaleMode() == ScaleMode.LONG_SIDE) {
            int side = Math.max(width, height);
            int least = Math.max(1, (int) (side * config.geometry().scaleMin()));
            int most = Math.max(least, (int) (side * config.geometry().scaleMax()));
            int to = random.nextInt(least, most + 1);
            w = height > width ? (int) (1.0 * width * to / height + 0.5) : to;
            h = height > width ? to : (int) (1.0 * height * to / width + 0.5);
        } else {
            double ratio = uniform(random, config.geometry().scaleMin(), config.geometry().scaleMax());
            double factor = Math.min((int) (config.geometry().ratioLong() * ratio) / (double) Math.max(width, height),
                (int) (config.geometry().ratioShort() * ratio) / (double) Math.min(width, height));
            w = (int) (width * factor + 0.5);
            h = (int) (height * factor + 0.5);
            MemoryLimits.requireHeap("a photo of " + width + "x" + height + " pixels made " + w + "x" + h, 3.0 * w * h,
                "augment.scale_max, augment.ratio_long or augment.ratio_short");
        }
        w = Math.max(1, w);
        h = Math.max(1, h);
        int left = random.nextInt(Math.max(w, crop) - crop + 1);
        int top = random.nextInt(Math.max(h, crop) - crop + 1);
        return new Draw(w, h, left, top, random.nextDouble() < config.geometry().flip());
    }

    /** Applies given choices; only the part inside the crop is computed. */
    public Pair apply(Pair in, Draw d) {
        int w = Math.min(crop, d.width() - d.left());
        int h = Math.min(crop, d.height() - d.top());
        var window = new PilResize.Window(d.left(), d.top(), w, h);
        Photo photo = resized(in.photo(), d, window).window(0, 0, crop, crop);
        LabelMap labels = resized(in.labels(), d, window, LabelMap.IGNORE);
        LabelMap valid = in.valid() == null ? LabelMap.filled(w, h, 0).window(0, 0, crop, crop, LabelMap.PADDING)
            : resized(in.valid(), d, window, LabelMap.PADDING);
        return d.flip() ? new Pair(photo.flipped(), labels == null ? null : labels.flipped(), valid.flipped())
            : new Pair(photo, labels, valid);
    }

    private Photo resized(Photo photo, Draw d, PilResize.Window window) {
        return likeMmseg() ? OpenCvResize.bilinear(photo, d.width(), d.height()).window(d.left(), d.top(), window.width(), window.height())
            : PilResize.resize(photo, d.width(), d.height(), PilResize.Filter.BILINEAR, window);
    }

    private LabelMap resized(LabelMap map, Draw d, PilResize.Window window, int fill) {
        if (map == null) {
            return null;
        }
        LabelMap part =
            likeMmseg() ? OpenCvResize.nearest(map, d.width(), d.height()).window(d.left(), d.top(), window.width(), window.height(), fill)
                : PilResize.nearest(map, d.width(), d.height(), window);
        return part.window(0, 0, crop, crop, fill);
    }

    private boolean likeMmseg() {
        return config.geometry().scaleMode() == ScaleMode.RATIO;
    }

    static double uniform(SplittableRandom random, double least, double most) {
        return least < most ? random.nextDouble(least, most) : least;
    }
}
