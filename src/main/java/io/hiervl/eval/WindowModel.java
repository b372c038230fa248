package io.hiervl.eval;

import io.hiervl.PublicApi;

/** Anything that scores the classes at every pixel of a window; a network, or a formula in tests. One thread at a time calls it. */
@PublicApi
public interface WindowModel {
    /** Number of classes K. */
    int classes();

    /**
     * Scores of one window.
     *
     * @param chw normalised image planes, 3 * h * w
     * @param h   rows, a multiple of {@link #sizeMultiple()}
     * @param w   columns, likewise
     * @return K * h * w scores, any unit in which larger means likelier; not kept by the model. Networks give probabilities,
     *         because scores of overlapping windows are averaged
     */
    float[] scores(float[] chw, int h, int w);

    /** Sizes of windows are padded to a multiple of this. */
    default int sizeMultiple() {
        return 1;
    }

    /** How many windows of this size {@link #scores(float[], int, int, int)} takes at once. */
    default int batch(int h, int w) {
        return 1;
    }

    /** How many threads may ask for scores of windows of this size at the same time. */
    default int lanes(int h, int w) {
        return 1;
    }

    /**
     * Scores of several windows.
     *
     * @param nchw planes of n windows one after the other
     * @param n    1 to {@link #batch}
     * @return n * K * h * w scores
     */
    default float[] scores(float[] nchw, int n, int h, int w) {
        if (n != 1) {
            throw new IllegalArgumentException("this model takes one window at a time, got " + n);
        }
        return scores(nchw, h, w);
    }
}
