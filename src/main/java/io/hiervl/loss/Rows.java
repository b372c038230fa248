package io.hiervl.loss;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** A value of a whole batch that knows how to cut itself for a micro-batch. */
@FunctionalInterface
public interface Rows {
    /** The value of images from..to-1, dense. */
    INDArray rows(int from, int to);

    /** An array (B,...). */
    static Rows of(INDArray array) {
        return (from, to) -> of(array, from, to);
    }

    /** An array without a batch axis, which every part gets whole. */
    static Rows whole(INDArray array) {
        return (from, to) -> array;
    }

    /** Rows from..to-1 of an array (B,...), dense; the array itself if these are all. */
    static INDArray of(INDArray array, int from, int to) {
        if (from == 0 && to == array.size(0)) {
            return array;
        }
        long[] shape = array.shape().clone();
        shape[0] = (long) to - from;
        return array.get(NDArrayIndex.interval(from, to)).dup('c').reshape('c', shape);
    }
}
