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
     * @return K * h * w scores, any unit in which larger means likelier; not kept by the model
     */
    float[] scores(float[] chw, int h, int w);

    /** Sizes of windows are padded to a multiple of this. */
    default int sizeMultiple() {
        return 1;
    }
}
