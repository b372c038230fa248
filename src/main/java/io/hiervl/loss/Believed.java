package io.hiervl.loss;

import io.hiervl.Content;
import java.util.function.BinaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * What is believed about unlabelled images: maps (U,h,w) at the resolution of the unlabelled losses.
 *
 * @param labels     the network's best class
 * @param confidence its probability
 * @param valid      0 on padding
 * @param guidance   labels of the frozen CLIP, 255 for none
 */
public record Believed(INDArray labels, INDArray confidence, INDArray valid, INDArray guidance) {
    /** Fills in the images from..to-1. */
    public void believe(int from, int to, PseudoLabels found) {
        labels.get(NDArrayIndex.interval(from, to)).assign(found.labels());
        confidence.get(NDArrayIndex.interval(from, to)).assign(found.confidence());
    }

    /** All maps combined with those of another batch. */
    public Believed with(Believed other, BinaryOperator<INDArray> mix) {
        return new Believed(mix.apply(labels, other.labels), mix.apply(confidence, other.confidence), mix.apply(valid, other.valid),
            mix.apply(guidance, other.guidance));
    }

    /** Labels of valid pixels of at least this confidence, 255 elsewhere. */
    public INDArray confident(double threshold) {
        INDArray kept = confidence.gte(threshold).castTo(labels.dataType()).muli(valid);
        return labels.sub(GuidanceLabels.NONE).muli(kept).addi(GuidanceLabels.NONE);
    }

    /** 1 on valid pixels with a true class; truth is (U,H,W). */
    public INDArray known(INDArray truth, int stride, int classes) {
        return Downsample.nearest(truth, stride).lt(classes).castTo(valid.dataType()).mul(valid);
    }

    /** Share of the {@link #known} pixels whose label is right, 0 if there are none. */
    public double accuracy(INDArray truth, INDArray known, int stride) {
        double n = known.sumNumber().doubleValue();
        return n == 0 ? 0
            : labels.eq(Downsample.nearest(truth, stride)).castTo(valid.dataType()).mul(known).sumNumber().doubleValue() / n;
    }

    @Override
    public boolean equals(Object other) {
        return Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return Content.hash(this);
    }

    @Override
    public String toString() {
        return Content.text(this);
    }
}
