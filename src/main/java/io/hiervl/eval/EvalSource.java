package io.hiervl.eval;

import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;

/** Photos with label maps, read when asked for. Label maps hold class indices or the ignore value. */
public interface EvalSource {
    /** Number of images. */
    int size();

    /** How messages call image i; usually its path. */
    String name(int i);

    Photo photo(int i);

    LabelMap labels(int i);
}
