package io.hiervl.config;

import io.hiervl.PublicApi;

/**
 * How whole images are segmented (hiervl section 9.6). Safe for several threads.
 *
 * @param window    sliding window rule
 * @param crop      side of a window in pixels
 * @param stride    step between windows, at most {@code crop}
 * @param shortSide images are resized to this short side first; 0: original size
 * @param resize    arithmetic of that; null: PILLOW
 */
@PublicApi
public record EvalConfig(Window window, @AtLeast(32) int crop, @AtLeast(1) int stride, @AtLeast(0) int shortSide, @Nullable Resize resize) {

    /**
     * Windows shifted back to full size at the border; cut off there (UniMatch v1); the whole image at once; or windows as in CLAMPED
     * that count less towards their edges, which leaves no stripes.
     */
    public enum Window { CLAMPED, TRUNCATED, WHOLE, BLENDED }

    /** Bilinear with antialias, as UniMatch trains; or without, as mmseg resizes for SemiVL on VOC and ADE20K. */
    public enum Resize {
        PILLOW, OPENCV
    }

    public EvalConfig {
        Check.components(EvalConfig.class, window, crop, stride, shortSide, resize);
        Check.that(stride <= crop,
            "eval.stride " + stride + " is larger than eval.crop " + crop + ": pixels between windows would have no prediction");
        resize = resize == null ? Resize.PILLOW : resize;
    }

    public EvalConfig(Window window, int crop, int stride, int shortSide) {
        this(window, crop, stride, shortSide, null);
    }
}
