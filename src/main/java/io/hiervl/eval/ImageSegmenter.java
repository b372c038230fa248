package io.hiervl.eval;

import io.hiervl.MemoryLimits;
import io.hiervl.config.EvalConfig;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.OpenCvResize;
import io.hiervl.image.Photo;
import io.hiervl.image.PilResize;

/**
 * From a photo of any size to the classes of its pixels: input scale, normalisation, windows, resizing back.
 * As safe for use from several threads as its model.
 *
 * @param model     scores windows
 * @param normalize colour constants of the image tower
 * @param windows   the window rule
 * @param shortSide photos are resized to this short side first; 0 keeps the original size. The long side becomes at most
 *                  four times as much (mmseg's scale (2048, 512)), where SemiVL sets no limit: it bounds the memory of strips
 * @param resize    arithmetic of that
 */
public record ImageSegmenter(WindowModel model, ClipNormalize normalize, SlidingWindow windows, int shortSide, EvalConfig.Resize resize) {
    private static final int LONG_TO_SHORT = 4;

    public ImageSegmenter(WindowModel model, ClipNormalize normalize, EvalConfig config) {
        this(model, normalize, SlidingWindow.of(config), config.shortSide(), config.resize());
    }

    /** With Pillow's resizing. */
    public ImageSegmenter(WindowModel model, ClipNormalize normalize, SlidingWindow windows, int shortSide) {
        this(model, normalize, windows, shortSide, EvalConfig.Resize.PILLOW);
    }

    /** Classes at the photo's own size. */
    public Segmentation segment(Photo photo) {
        return segment(photo, photo.width(), photo.height());
    }

    /** Classes at another size, such as that of a label map. */
    public Segmentation segment(Photo photo, int width, int height) {
        requireRoom(photo);
        Photo scaled = scaled(photo);
        float[] chw = new float[Math.multiplyExact(3, Math.multiplyExact(scaled.width(), scaled.height()))];
        normalize.into(scaled, chw, 0);
        return windows.score(model, chw, scaled.height(), scaled.width()).segment(height, width);
    }

    /** Scores of all classes are summed on the heap; what cannot fit is refused before it is tried. */
    private void requireRoom(Photo photo) {
        double factor = shortSide == 0 ? 1 : Math.min((double) shortSide / Math.min(photo.width(), photo.height()),
            (double) LONG_TO_SHORT * shortSide / Math.max(photo.width(), photo.height()));
        MemoryLimits.requireHeap("a photo of " + photo.width() + "x" + photo.height() + " pixels" + (shortSide == 0 ? "" : ", resized to the short side "
            + shortSide + ",") + " with scores of " + model.classes() + " classes",
            (model.classes() + 3.0) * factor * photo.width() * factor * photo.height(), "the photo's size or eval.short_side (--short-side)");
    }

    Photo scaled(Photo photo) {
        if (shortSide == 0) {
            return photo;
        }
        int small = Math.min(photo.width(), photo.height());
        int large = Math.max(photo.width(), photo.height());
        double factor = Math.min((double) shortSide / small, (double) LONG_TO_SHORT * shortSide / large);
        int width = Math.max(1, (int) Math.floor(photo.width() * factor + 0.5));
        int height = Math.max(1, (int) Math.floor(photo.height() * factor + 0.5));
        return resize == EvalConfig.Resize.OPENCV ? OpenCvResize.bilinear(photo, width, height)
            : PilResize.resize(photo, width, height, PilResize.Filter.BILINEAR);
    }
}
