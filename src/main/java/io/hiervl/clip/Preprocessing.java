package io.hiervl.clip;

/**
 * How the CLIP wants its images.
 *
 * @param mean per channel, RGB, of values in 0..1
 * @param std  per channel, RGB
 * @param size side of the square crop in pixels
 * @param eot  rule for the text tower's output position
 */
public record Preprocessing(float[] mean, float[] std, int size, EotRule eot) {
    @SuppressWarnings("MutablePublicArray") // only read
    public static final float[] CLIP_MEAN = {0.48145466f, 0.4578275f, 0.40821073f};
    @SuppressWarnings("MutablePublicArray") // only read
    public static final float[] CLIP_STD = {0.26862954f, 0.26130258f, 0.27577711f};
}
