package io.hiervl.config;

import io.hiervl.PublicApi;

/**
 * Random changes of training images (hiervl section 9.2; UniMatch {@code dataset/transform.py}). Lengths in pixels are
 * for crops of 512 and shrink with smaller crops. Safe for several threads.
 *
 * @param geometry size and flip
 * @param colour   colour jitter of strong views
 * @param blur     Gaussian blur of strong views
 * @param cutmix   boxes of other images in strong views
 */
@PublicApi
public record AugmentationConfig(@Group Geometry geometry, @Group Colour colour, @Group(prefixed = true) Blur blur,
    @Group(prefixed = true) Cutmix cutmix) {

    /** The long side times a random factor (UniMatch), or one factor of a base size (mmseg, SemiVL on VOC and ADE20K). */
    public enum ScaleMode {
        LONG_SIDE, RATIO
    }

    /**
     * Size and flip.
     *
     * @param scaleMode  how the random size is drawn
     * @param scaleMin   smallest factor
     * @param scaleMax   largest factor
     * @param ratioLong  long side of the base size of {@link ScaleMode#RATIO}
     * @param ratioShort short side of that base size
     * @param flip       probability of a horizontal flip
     */
    public record Geometry(ScaleMode scaleMode, @Positive double scaleMin, @NotBelow(value = "scaleMin", most = 100) double scaleMax,
        @NotBelow("ratioShort") int ratioLong, @AtLeast(1) int ratioShort, @Range double flip) {
        public Geometry {
            Check.components(Geometry.class, scaleMode, scaleMin, scaleMax, ratioLong, ratioShort, flip);
        }
    }

    /**
     * Colours of a strong view, and of labelled images.
     *
     * @param jitter     probability of the colour jitter
     * @param brightness factor from [1 - b, 1 + b]
     * @param contrast   factor likewise
     * @param saturation factor likewise
     * @param hue        turn from [-h, h] of the colour circle, at most 0.5
     * @param greyscale  probability of a grey strong view
     * @param labelled   brightness, contrast and saturation of labelled images: factors from [1 - l, 1 + l]
     */
    public record Colour(@Range double jitter, @Weight double brightness, @Weight double contrast, @Weight double saturation,
        @Range(most = 0.5) double hue, @Range double greyscale, @Range double labelled) {
        public Colour {
            Check.components(Colour.class, jitter, brightness, contrast, saturation, hue, greyscale, labelled);
        }
    }

    /**
     * Gaussian blur of a strong view.
     *
     * @param probability of the blur
     * @param min         smallest radius
     * @param max         largest radius
     */
    public record Blur(@GroupKey @Range double probability, @Weight double min, @NotBelow(value = "min", most = 100) double max) {
        public Blur {
            Check.components(Blur.class, probability, min, max);
        }
    }

    /**
     * CutMix. With an aspect of a and an area above a, no box of the extreme aspect would fit the crop.
     *
     * @param probability of a box, for each image of each strong view
     * @param areaMin     smallest share of the crop
     * @param areaMax     largest share of the crop
     * @param aspect      height / width lies in [a, 1/a]
     */
    public record Cutmix(@GroupKey @Range double probability, @Positive double areaMin,
        @NotBelow(value = "areaMin", most = 0.9) double areaMax, @Range(least = 0.05) double aspect) {
        public Cutmix {
            Check.components(Cutmix.class, probability, areaMin, areaMax, aspect);
        }
    }

    /** UniMatch's values. */
    public static AugmentationConfig unimatch() {
        return new AugmentationConfig(new Geometry(ScaleMode.LONG_SIDE, 0.5, 2.0, 2048, 512, 0.5),
            new Colour(0.8, 0.5, 0.5, 0.5, 0.25, 0.2, 0), new Blur(0.5, 0.1, 2.0), new Cutmix(0.5, 0.02, 0.4, 0.3));
    }
}
