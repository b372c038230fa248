package io.hiervl.eval;

import io.hiervl.PublicApi;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;

/** Photos with label maps, read when asked for. Label maps hold class indices or the ignore value. The thread that evaluates calls it. */
@PublicApi
public interface EvalSource {
    /** Number of images. */
    int size();

    /** How messages call image i; usually its path. */
    String name(int i);

    Photo photo(int i);

    LabelMap labels(int i);

    /** Photo and labels of one image. */
    record Example(Photo photo, LabelMap labels) {
    }

    /** Both at once; a source that can tell refuses a photo and a label map of different sizes. */
    default Example example(int i) {
        return new Example(photo(i), labels(i));
    }
}
