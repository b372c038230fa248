package io.hiervl.predict;

import io.hiervl.PublicApi;
import io.hiervl.eval.WindowModel;
import java.util.List;

/** A trained network that scores windows. Not safe for use from several threads; {@link Segmenter} locks it. */
@PublicApi
public interface InferenceModel extends WindowModel, AutoCloseable {
    /** Side of the windows it was trained with. */
    int crop();

    /** Class names in index order. */
    List<String> classNames();

    @Override
    default int classes() {
        return classNames().size();
    }

    /** Frees its memory; it cannot be used afterwards. */
    @Override
    void close();
}
