package io.hiervl.loss;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Maps at a stride: cell (i,j) is pixel (stride*i, stride*j), as PyTorch's nearest resizing (docs/paper.md 8.1). */
public final class Downsample {
    private Downsample() {
    }

    /** From (B,H,W) to (B,H/stride,W/stride), rounded up; the map itself for stride 1. */
    public static INDArray nearest(INDArray map, int stride) {
        return stride == 1 ? map : map.get(NDArrayIndex.all(), NDArrayIndex.interval(0, stride, map.size(1)),
            NDArrayIndex.interval(0, stride, map.size(2))).dup('c');
    }
}
