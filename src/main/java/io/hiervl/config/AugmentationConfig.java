package io.hiervl.config;

/**
 * Random changes of training images (hiervl section 9.2; UniMatch {@code dataset/transform.py}). Lengths in pixels are
 * for crops of 512 and shrink with smaller crops.
 *
 * @param scaleMode      how the random size is drawn
 * @param scaleMin       smallest factor
 * @param scaleMax       largest factor
 * @param ratioLong      long side of the base size of {@link ScaleMode#RATIO}
 * @param ratioShort     short side of that base size
 * @param flip           probability of a horizontal flip
 * @param jitter         probability of the colour jitter of a strong view
 * @param brightness     factor from [1 - b, 1 + b]
 * @param contrast       factor likewise
 * @param saturation     factor likewise
 * @param hue            turn from [-h, h] of the colour circle, at most 0.5
 * @param greyscale      probability of a grey strong view
 * @param blur           probability of a Gaussian blur of a strong view
 * @param blurMin        smallest radius
 * @param blurMax        largest radius
 * @param cutmix         probability of a CutMix box, for each image of each strong view
 * @param cutmixAreaMin  smallest share of the crop
 * @param cutmixAreaMax  largest share of the crop
 * @param cutmixAspect   height / width lies in [a, 1/a]
 */
public record AugmentationConfig(ScaleMode scaleMode, double scaleMin, double scaleMax, int ratioLong, int ratioShort, double flip,
        double jitter, double brightness, double contrast, double saturation, double hue, double greyscale,
        double blur, double blurMin, double blurMax,
        double cutmix, double cutmixAreaMin, double cutmixAreaMax, double cutmixAspect) {

    /** The long side times a random factor (UniMatch), or one factor of a base size (mmseg, SemiVL on VOC and ADE20K). */
    public enum ScaleMode { LONG_SIDE, RATIO }

    public AugmentationConfig {
        Check.positive("augment.scale_min", scaleMin);
        Check.range("augment.scale_max", scaleMax, scaleMin, 100);
        Check.atLeast("augment.ratio_short", ratioShort, 1);
        Check.atLeast("augment.ratio_long", ratioLong, ratioShort);
        Check.range("augment.flip", flip, 0, 1);
        Check.range("augment.jitter", jitter, 0, 1);
        Check.weight("augment.brightness", brightness);
        Check.weight("augment.contrast", contrast);
        Check.weight("augment.saturation", saturation);
        Check.range("augment.hue", hue, 0, 0.5);
        Check.range("augment.greyscale", greyscale, 0, 1);
        Check.range("augment.blur", blur, 0, 1);
        Check.weight("augment.blur_min", blurMin);
        Check.range("augment.blur_max", blurMax, blurMin, 100);
        Check.range("augment.cutmix", cutmix, 0, 1);
        Check.positive("augment.cutmix_area_min", cutmixAreaMin);
        // With an aspect of a and an area above a, no box of the extreme aspect would fit the crop.
        Check.range("augment.cutmix_area_max", cutmixAreaMax, cutmixAreaMin, 0.9);
        Check.range("augment.cutmix_aspect", cutmixAspect, 0.05, 1);
    }

    /** UniMatch's values. */
    public static AugmentationConfig unimatch() {
        return new AugmentationConfig(ScaleMode.LONG_SIDE, 0.5, 2.0, 2048, 512, 0.5,
                0.8, 0.5, 0.5, 0.5, 0.25, 0.2, 0.5, 0.1, 2.0, 0.5, 0.02, 0.4, 0.3);
    }
}
