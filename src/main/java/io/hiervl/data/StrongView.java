package io.hiervl.data;

import io.hiervl.config.AugmentationConfig;
import io.hiervl.image.Colour;
import io.hiervl.image.Photo;
import io.hiervl.image.PilBlur;
import java.util.Arrays;
import java.util.List;
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

    /** The steps of the jitter. */
    public enum Step { BRIGHTNESS, CONTRAST, SATURATION, HUE }

    /**
     * Factors of the colour jitter.
     *
     * @param order      the steps in their order
     * @param brightness 1 changes nothing, likewise contrast and saturation
     * @param hue        part of the colour circle; 0 changes nothing
     */
    public record Jitter(List<Step> order, double brightness, double contrast, double saturation, double hue) {
    }

    /**
     * The random choices for one view.
     *
     * @param jitter null for none
     * @param blur   radius; 0 for none
     */
    public record Draw(Jitter jitter, boolean grey, double blur) {
    }

    @Override
    public Pair apply(Pair in, SplittableRandom random) {
        return new Pair(apply(in.photo(), draw(random)), in.labels(), in.valid());
    }

    /** Draws for one view. */
    Draw draw(SplittableRandom random) {
        Jitter jitter = random.nextDouble() < config.colour().jitter() ? jitter(random) : null;
        boolean grey = random.nextDouble() < config.colour().greyscale();
        return new Draw(jitter, grey, random.nextDouble() < config.blur().probability() ? radius(random) : 0);
    }

    /** Applies given choices: jitter, grey, blur; a strength of 0 in the configuration leaves its step out. */
    public Photo apply(Photo in, Draw d) {
        Photo out = in;
        if (d.jitter() != null) {
            for (Step step : d.jitter().order()) {
                out = apply(out, step, d.jitter());
            }
        }
        return PilBlur.gaussian(d.grey() ? Colour.greyscale(out) : out, d.blur());
    }

    private Photo apply(Photo in, Step step, Jitter j) {
        return switch (step) {
            case BRIGHTNESS -> config.colour().brightness() == 0 ? in : Colour.brightness(in, j.brightness());
            case CONTRAST -> config.colour().contrast() == 0 ? in : Colour.contrast(in, j.contrast());
            case SATURATION -> config.colour().saturation() == 0 ? in : Colour.saturation(in, j.saturation());
            case HUE -> config.colour().hue() == 0 ? in : Colour.hue(in, j.hue());
        };
    }

    double radius(SplittableRandom random) {
        double scale = Math.min(1, crop / 512.0);
        double radius = Geometric.uniform(random, config.blur().min(), config.blur().max()) * scale;
        return config.blur().max() == 0 ? 0 : Math.max(LEAST_RADIUS, radius);
    }

    /** As torchvision's ColorJitter: one order and four factors are drawn. */
    private Jitter jitter(SplittableRandom random) {
        List<Step> order = Arrays.stream(Shuffle.permutation(Step.values().length, random)).mapToObj(i -> Step.values()[i]).toList();
        return new Jitter(order, factor(config.colour().brightness(), random), factor(config.colour().contrast(), random),
            factor(config.colour().saturation(), random),
            Geometric.uniform(random, -config.colour().hue(), config.colour().hue()));
    }

    private static double factor(double strength, SplittableRandom random) {
        return Geometric.uniform(random, Math.max(0, 1 - strength), 1 + strength);
    }
}
