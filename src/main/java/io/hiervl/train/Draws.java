package io.hiervl.train;

import io.hiervl.loss.SetPoints;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The random choices of one optimiser step, apart from those of the data. */
interface Draws {
    /** For every labelled image whether it takes the gate of its ground truth, in gate mode mix (docs/paper.md 3.3). */
    boolean[] truthGates(int images, double probability);

    /** Points of the set loss on images: {@code labelled}, or the name of a view. */
    SetPoints points(String block, int images);

    /** For every image one of its classes that may be erased, -1 where there is none (docs/paper.md 8.6). */
    int[] erased(List<int[]> suitable);

    /** Dropout factors (images,channels) of the pyramid's maps 0..3: 0 or 1 / (1 - rate) (docs/paper.md 8.3). */
    INDArray channels(int map, int images, int channels, double rate);
}
