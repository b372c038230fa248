package io.hiervl.loss;

import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Tensor;
import org.nd4j.linalg.api.buffer.DataType;

/** What a view aims at, for a whole batch. {@link Feed} cuts it for micro-batches. */
public interface Targets {
    /** What the network looks at. */
    Input<Targets> IMAGES = Input.tensor("images", Targets::images);

    /** Images (B,3,H,W). */
    Tensor images();

    /** Distinguishes parts of equal size that need another graph. */
    default String kind(int from, int to) {
        return "";
    }

    /** Type of all values. */
    default DataType type() {
        return Nd4jTensors.type(images().type());
    }
}
