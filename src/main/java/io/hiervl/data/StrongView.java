package io.hiervl.data;

import io.hiervl.config.AugmentationConfig;
import io.hiervl.image.Colour;
import io.hiervl.image.Photo;
import io.hiervl.image.PilBlur;
import java.util.SplittableRandom;

/**
 * Colour jitter, grey and blur of a crop (UniMatch {@code dataset/semi.py}); labels stay as they are. The blur radius
 * shrinks with crops below 512, because it is absolute there, and is never below 0.1.
 *
 * @param crop   side of the crop in pixels
 * @param config probabilities and strengths
 */
public record StrongView(int crop, AugmentationConfig config) implements JointTransform {
    private static final double LEAST_RADIUS = 0.1;

    @Override
    public Pair apply(Pair in, SplittableRandom random) {
        return new Pair(photo(in.photo(), random), in.labels(), in.valid());
    }

    /** One strong view of a photo. */
    public Photo photo(Photo in, SplittableRandom random) {
        Photo out = in;
        if (random.nextDouble() < config.jitter()) {
            out = jitter(out, random);
        }
        if (random.nextDouble() < config.greyscale()) {
            out = Colour.greyscale(out);
        }
        if (random.nextDouble() < config.blur()) {
            out = PilBlur.gaussian(out, radius(random));
        }
        return out;
    }

    double radius(SplittableRandom random) {
        double scale = Math.min(1, crop / 512.0);
        double radius = Geometric.uniform(random, config.blurMin(), config.blurMax()) * scale;
        return config.blurMax() == 0 ? 0 : Math.max(LEAST_RADIUS, radius);
    }

    /** As torchvision's ColorJitter: one order and four factors are drawn; a strength of 0 leaves its step out. */
    private Photo jitter(Photo in, SplittableRandom random) {
        int[] order = {0, 1, 2, 3};
        Shuffle.shuffle(order, random);
        double brightness = factor(config.brightness(), random);
        double contrast = factor(config.contrast(), random);
        double saturation = factor(config.saturation(), random);
        double hue = Geometric.uniform(random, -config.hue(), config.hue());
        Photo out = in;
        for (int step : order) {
            out = switch (step) {
                case 0 -> config.brightness() == 0 ? out : Colour.brightness(out, brightness);
                case 1 -> config.contrast() == 0 ? out : Colour.contrast(out, contrast);
                case 2 -> config.saturation() == 0 ? out : Colour.saturation(out, saturation);
                default -> config.hue() == 0 ? out : Colour.hue(out, hue);
            };
        }
        return out;
    }

    private static double factor(double strength, SplittableRandom random) {
        return Geometric.uniform(random, Math.max(0, 1 - strength), 1 + strength);
    }
}
