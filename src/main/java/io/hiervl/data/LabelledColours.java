package io.hiervl.data;

import io.hiervl.image.Colour;
import io.hiervl.image.Photo;
import java.util.SplittableRandom;

/**
 * Random brightness, contrast and saturation of a labelled photo. UniMatch changes only unlabelled photos; with few labels and a network
 * that starts from nothing, labelled ones gain from it.
 *
 * @param strength factors lie in [1 - strength, 1 + strength]; 0 changes nothing and draws nothing
 */
record LabelledColours(double strength) implements JointTransform {
    @Override
    public Pair apply(Pair in, SplittableRandom random) {
        if (strength == 0) {
            return in;
        }
        Photo photo = Colour.brightness(in.photo(), factor(random));
        photo = Colour.contrast(photo, factor(random));
        return new Pair(Colour.saturation(photo, factor(random)), in.labels(), in.valid());
    }

    private double factor(SplittableRandom random) {
        return Geometric.uniform(random, 1 - strength, 1 + strength);
    }
}
