package io.hiervl.loss;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Targets of images that the whole network sees; those of the set loss are null if no term reads them. */
public interface PictureTargets extends Targets {
    /** Labels (B,h,w) of the set loss. */
    INDArray labels();

    /** Rows and slots that the labels were matched with. */
    SetTargets set();

    /** Where masks are looked at. */
    SetPoints points();

    @Override
    default String kind(int from, int to) {
        return points() == null ? "" : points().part(from, to).kind();
    }
}
