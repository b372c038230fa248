package io.hiervl.predict;

import io.hiervl.PublicApi;
import io.hiervl.eval.WindowModel;
import java.util.List;

/** A trained network that scores windows. {@link Segmenter} calls it from as many threads as {@link #photos} allows. */
@PublicApi
public interface InferenceModel extends WindowModel, AutoCloseable {
    /** Side of the windows it was trained with. */
    int crop();

    /** Class names in index order. */
    List<String> classNames();

    /** How many threads may ask for scores of different photos at the same time. Where it is 1, one thread only ever asks. */
    default int photos() {
        return 1;
    }

    @Override
    default int classes() {
        return classNames().size();
    }

    /** Frees its memory; it cannot be used afterwards. */
    @Override
    void close();
}
