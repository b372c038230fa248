package io.hiervl.loss;

import io.hiervl.backend.choice.Backends;
import io.hiervl.config.LossConfig.Confidence;
import io.hiervl.data.CutMix;
import io.hiervl.graph.StepArrays;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Tensor;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What is believed about unlabelled images: maps (U,h,w) at the resolution of the unlabelled losses. The maps that networks make stay where
 * these run; which pixels are padding is known to the host.
 */
public final class Believed {
    private final StepArrays arrays;
    private final Tensor labels;
    private final Tensor confidence;
    private final INDArray valid;
    private final Tensor guidance;

    /**
     * @param arrays     where the maps are
     * @param labels     the network's best class
     * @param confidence its probability
     * @param valid      0 on padding
     * @param guidance   labels of the frozen CLIP, 255 for none
     */
    public Believed(StepArrays arrays, Tensor labels, Tensor confidence, INDArray valid, Tensor guidance) {
        this.arrays = arrays;
        this.labels = labels;
        this.confidence = confidence;
        this.valid = valid;
        this.guidance = guidance;
    }

    /** Maps of the host. */
    public Believed(INDArray labels, INDArray confidence, INDArray valid, INDArray guidance) {
        this(new StepArrays(Backends.host()), Nd4jTensors.of(labels), Nd4jTensors.of(confidence), valid, Nd4jTensors.of(guidance));
    }

    /** The network's best class, on the host. */
    public INDArray labels() {
        return arrays.onHost(labels);
    }

    /** Its probability, on the host. */
    public INDArray confidence() {
        return arrays.onHost(confidence);
    }

    /** 0 on padding. */
    public INDArray valid() {
        return valid;
    }

    /** Labels of the frozen CLIP, 255 for none, on the host. */
    public INDArray guidance() {
        return arrays.onHost(guidance);
    }

    /** Where the maps are. */
    public StepArrays arrays() {
        return arrays;
    }

    Tensor labelMap() {
        return labels;
    }

    Tensor guidanceMap() {
        return guidance;
    }

    /** Fills in the images from..to-1 by their scores (to-from,K,h,w). */
    public void believe(int from, int to, Tensor z) {
        arrays.kernels(z.type()).bestClasses(z, confidence.rows(from, to), labels.rows(from, to));
    }

    /** All maps with boxes of those of another batch. */
    public Believed with(Believed other, List<CutMix.Box> boxes) {
        return new Believed(arrays, mix(arrays, labels, other.labels, boxes), mix(arrays, confidence, other.confidence, boxes),
            CutMix.mix(valid, other.valid, boxes), mix(arrays, guidance, other.guidance, boxes));
    }

    /** CutMix of images or maps (U,...,h,w) with those of another batch. */
    public static Tensor mix(StepArrays arrays, Tensor batch, Tensor other, List<CutMix.Box> boxes) {
        int n = boxes.size();
        int[][] corners = new int[n][];
        int[] partners = new int[n];
        for (int i = 0; i < n; i++) {
            CutMix.Box b = boxes.get(i);
            corners[i] = b == null ? null : new int[] {b.top(), b.bottom(), b.left(), b.right()};
            partners[i] = CutMix.partner(i, n);
        }
        Tensor mixed = arrays.make(batch.type(), batch.shape());
        arrays.kernels(batch.type()).cutMix(arrays.place(batch), arrays.place(other), corners, partners, mixed);
        return mixed;
    }

    private Tensor like() {
        return arrays.make(labels.type(), labels.shape());
    }

    /** Valid pixels; at least 1. */
    private double count() {
        return Math.max(1, valid.sumNumber().doubleValue());
    }

    /**
     * Weights (U,h,w) of a whole batch, denominators included.
     *
     * <p>PIXELWISE: 1 / valid pixels of the batch where the confidence reaches the threshold. PIXELAVG: every valid pixel
     * of an image counts with the image's mean confidence / valid pixels of the image / U. The mean is taken per image:
     * SemiVL's code multiplies the sum over the batch by it, which is right for one image only.
     */
    Tensor weights(double threshold, Confidence mode) {
        Tensor weights = like();
        if (mode == Confidence.PIXELAVG) {
            arrays.kernels(labels.type()).meanWeights(confidence, arrays.place(valid), weights);
        } else {
            arrays.kernels(labels.type()).sureWeights(confidence, arrays.place(valid), threshold, 1 / count(), weights);
        }
        return weights;
    }

    /** Weights (U,h,w): valid / number of valid pixels of the batch. */
    Tensor validWeights() {
        Tensor weights = like();
        arrays.kernels(labels.type()).sureWeights(arrays.place(valid), arrays.place(valid), 0, 1 / count(), weights);
        return weights;
    }

    /** A map of one value. */
    Tensor filled(double value) {
        Tensor map = like();
        arrays.kernels(labels.type()).fill(map, value);
        return map;
    }

    /** Labels of valid pixels of at least this confidence, 255 elsewhere; made on the host. */
    public INDArray confident(double threshold) {
        INDArray found = labels();
        INDArray kept = confidence().gte(threshold).castTo(found.dataType()).muli(valid);
        return found.sub(GuidanceLabels.NONE).muli(kept).addi(GuidanceLabels.NONE);
    }

    /**
     * Counts valid pixels that reach a threshold, UniMatch's mask ratio, and valid pixels.
     *
     * @param counts (2)
     */
    public void countSure(double threshold, Tensor counts) {
        Tensor counted = arrays.place(valid);
        arrays.run(() -> arrays.kernels(labels.type()).sureCounts(confidence, counted, threshold, counts));
    }

    /** 1 on valid pixels with a true class; truth is (U,H,W). */
    public INDArray known(INDArray truth, int stride, int classes) {
        return Downsample.nearest(truth, stride).lt(classes).castTo(valid.dataType()).mul(valid);
    }

    /**
     * Counts {@link #known} pixels whose label is right.
     *
     * @param count (1)
     */
    public void countRight(INDArray truth, INDArray known, int stride, Tensor count) {
        Tensor wanted = arrays.place(Downsample.nearest(truth, stride));
        Tensor counted = arrays.place(known);
        arrays.run(() -> arrays.kernels(labels.type()).agreement(labels, wanted, counted, count));
    }
}
