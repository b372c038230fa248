package io.hiervl.synth;

import io.hiervl.synth.Vocabulary.Colour;
import java.util.List;

/**
 * Light and grounds of scenes.
 *
 * @param minTint     least factor on each colour channel
 * @param maxTint     largest factor on each colour channel
 * @param gradient    largest change of the brightness over the picture, as a share
 * @param minStrength least brightness
 * @param maxStrength largest brightness
 * @param grounds     what scenes stand on
 */
record Light(double minTint, double maxTint, double gradient, double minStrength, double maxStrength, List<Colour> grounds) {
    /** The light of {@code datasets/tiny}. */
    static final Light STANDARD = new Light(0.78, 1.22, 0.35, 0.75, 1.2, Vocabulary.GROUNDS);
    /** Nearly white and even, on grass, sand and brick. */
    static final Light MILD = new Light(0.94, 1.06, 0.1, 0.9, 1.1, pick("grass", "sand", "brick"));
    /** Coloured, uneven, bright or dim, on sky and asphalt. */
    static final Light HARSH = new Light(0.68, 1.32, 0.5, 0.65, 1.3, pick("sky", "asphalt"));
    /** All that {@link #MILD} and {@link #HARSH} have, for the pre-training of a CLIP that has seen more than one data set. */
    static final Light BOTH = new Light(0.68, 1.32, 0.5, 0.65, 1.3, Vocabulary.GROUNDS);

    private static List<Colour> pick(String... names) {
        return Vocabulary.GROUNDS.stream().filter(g -> List.of(names).contains(g.name())).toList();
    }
}
