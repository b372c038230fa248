package io.hiervl.synth;

import java.util.List;

/**
 * What stands in a scene and where.
 *
 * @param minThings fewest things of a scene
 * @param maxThings most things of a scene
 * @param minRadius of things, in pixels
 * @param maxRadius of things in a scene, in pixels
 * @param crowd     whether all things of a scene are of one class and stand close together
 * @param shapes    outlines, a part of {@link Vocabulary#SHAPES} or {@link Vocabulary#THIN_SHAPES}
 * @param textures  a part of {@link Vocabulary#TEXTURES}
 */
record Layout(int minThings, int maxThings, double minRadius, double maxRadius, boolean crowd, List<String> shapes,
    List<String> textures) {
    /** The things of {@code datasets/tiny}. */
    static final Layout STANDARD = new Layout(1, 4, 8, 17, false, Vocabulary.SHAPES, Vocabulary.TEXTURES);
    /** Two or three larger things. */
    static final Layout FEW = new Layout(2, 3, 10, 18, false, Vocabulary.SHAPES, Vocabulary.TEXTURES);
    /** Ten to sixteen small things that touch. */
    static final Layout CROWD = new Layout(10, 16, 4.5, 7.5, true, Vocabulary.SHAPES, Vocabulary.TEXTURES);
    /** Outlines and bars, two to four pixels wide. */
    static final Layout THIN = new Layout(2, 4, 10, 20, false, Vocabulary.THIN_SHAPES, List.of("plain"));

    /** Whether masks have a border of ignored pixels around things, as VOC's have. */
    boolean bordered() {
        return !shapes.equals(Vocabulary.THIN_SHAPES);
    }

    /** A number of things for a scene. */
    int things(Rng rng) {
        return minThings + rng.below(maxThings - minThings + 1);
    }
}
