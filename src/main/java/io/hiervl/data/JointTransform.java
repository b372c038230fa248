package io.hiervl.data;

import java.util.SplittableRandom;

/**
 * A random change of photo and labels together. DataVec's own image transforms see one picture at a time; two of them
 * with one seed drift apart (RandomCropTransform) or interpolate label values (Scale, Rotate, Warp), so pairs have their
 * own interface.
 */
@FunctionalInterface
public interface JointTransform {
    /** Equal states of {@code random} give equal results. */
    Pair apply(Pair in, SplittableRandom random);

    /** This transform, then another one. */
    default JointTransform then(JointTransform next) {
        return (in, random) -> next.apply(apply(in, random), random);
    }
}
