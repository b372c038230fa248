package io.hiervl.backend;

import io.hiervl.tensor.Tensor;

/**
 * Labels and weights that training follows from scores of the network, so that nothing of the size of a map goes to the host and back. Maps
 * are (B,h,w) unless a method says otherwise.
 */
public interface TargetKernels {
    /**
     * The best class of every pixel, the lowest on ties, and its softmax probability.
     *
     * @param z (B,K,h,w)
     */
    void bestClasses(Tensor z, Tensor confidence, Tensor labels);

    /**
     * The largest value of every group.
     *
     * @param values (B,N,n)
     * @param group  (n), numbers of groups 0..K-1
     * @param maxima (B,K,N); -infinity for a group without members
     */
    void groupMaxima(Tensor values, Tensor group, Tensor maxima);

    /**
     * Classes of scores that are enlarged bilinearly, 255 where their probability is below the threshold or the pixel is padding.
     *
     * @param scores        (B,K,a,b)
     * @param valid         0 on padding, or null
     * @param probabilities of the classes; may be null
     */
    void sureLabels(Tensor scores, Tensor valid, double threshold, Tensor labels, Tensor probabilities);

    /** weights = each times valid where the confidence reaches the threshold, else 0. */
    void sureWeights(Tensor confidence, Tensor valid, double threshold, double each, Tensor weights);

    /** weights = valid times the image's mean confidence over valid pixels / valid pixels of the image / B. */
    void meanWeights(Tensor confidence, Tensor valid, Tensor weights);

    /**
     * A copy of a batch with boxes of partners.
     *
     * @param batch    (B,...,h,w)
     * @param other    where partners come from
     * @param boxes    of every image: top, bottom, left and right, ends exclusive; null for none
     * @param partners image of the other batch that fills the box
     */
    void cutMix(Tensor batch, Tensor other, int[][] boxes, int[] partners, Tensor mixed);

    /**
     * y = images, 0 where the map is not.
     *
     * @param images (B,C,h,w)
     */
    void blank(Tensor images, Tensor map, Tensor y);

    /**
     * Counts of pixels.
     *
     * @param counts (2): valid ones that reach the threshold, valid ones
     */
    void sureCounts(Tensor confidence, Tensor valid, double threshold, Tensor counts);

    /**
     * Counts of pixels that are known and whose label is the true one.
     *
     * @param known 1 or 0
     * @param count (1)
     */
    void agreement(Tensor labels, Tensor truth, Tensor known, Tensor count);
}
