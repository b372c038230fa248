package io.hiervl.loss;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a view aims at, for a whole batch. {@link Feed} cuts it for micro-batches. */
public interface Targets {
    /** What the network looks at. */
    Input<Targets> IMAGES = Input.perImage("images", Targets::images);

    /** Images (B,3,H,W). */
    INDArray images();

    /** Distinguishes parts of equal size that need another graph. */
    default String kind(int from, int to) {
        return "";
    }

    /** Type of all values. */
    default DataType type() {
        return images().dataType();
    }
}
