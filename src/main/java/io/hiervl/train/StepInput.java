package io.hiervl.train;

import java.util.List;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The images of one optimiser step.
 *
 * @param images     labelled images (B,3,H,W), normalised
 * @param labels     (B,H,W), 255 ignored
 * @param names      of all images, for messages
 * @param unlabelled views of unlabelled images, or null
 */
public record StepInput(INDArray images, INDArray labels, List<String> names, Unlabelled unlabelled) {

    /**
     * @param weak    (U,3,H,W), geometric changes only
     * @param strong1 the same crop with photometric changes
     * @param strong2 another draw
     * @param valid   (U,H,W), 0 on padding
     * @param mix1    CutMix of the first strong view, applied to everything of shape (U,...)
     * @param mix2    CutMix of the second
     * @param truth   labels (U,H,W) if they exist: only for reporting how right pseudo-labels are; may be null
     */
    public record Unlabelled(INDArray weak, INDArray strong1, INDArray strong2, INDArray valid, UnaryOperator<INDArray> mix1,
                             UnaryOperator<INDArray> mix2, INDArray truth) {
    }
}
