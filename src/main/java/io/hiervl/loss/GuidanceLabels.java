package io.hiervl.loss;

import io.hiervl.Content;
import io.hiervl.backend.Kernels;
import io.hiervl.backend.choice.Backends;
import io.hiervl.backend.jvm.ClassScores;
import io.hiervl.backend.jvm.EnlargedScores;
import io.hiervl.backend.jvm.Parallel;
import io.hiervl.graph.Ops;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Staging;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Labels by the frozen CLIP (SemiVL's MaskCLIP guidance; docs/paper.md 8.3): cosine times the CLIP's logit scale, the best concept
 * of every class, bilinear to the size of the loss, softmax, kept where it is sure.
 *
 * @param labels         (B,H,W), 255 where the frozen CLIP is unsure or the image is padding
 * @param probabilities  (B,H,W), largest probability
 */
public record GuidanceLabels(INDArray labels, INDArray probabilities) {
    /** Label of pixels without guidance. */
    public static final int NONE = 255;

    private static final double EPS = 1e-12;

    /**
     * Scaled cosines (B,N,n) of patches with concepts.
     *
     * @param dense    (B,N,C) dense embeddings, any length
     * @param concepts (n,C) text embeddings of all concepts, any length
     * @param scale    the CLIP's logit scale
     */
    public static SDVariable cosines(Ops ops, SDVariable dense, SDVariable concepts, double scale) {
        return ops.scale(ops.exact().bmm(ops.l2Normalize(dense, EPS), ops.l2Normalize(concepts, EPS), false, true), scale, 0);
    }

    /**
     * Class scores (B,K,gridHeight,gridWidth): the largest cosine over a class's concepts.
     *
     * @param cosines      (B,N,n)
     * @param conceptClass class of each concept
     */
    public static INDArray classScores(INDArray cosines, int[] conceptClass, int classes, int gridHeight, int gridWidth) {
        INDArray group = Nd4j.createFromArray(conceptClass).castTo(cosines.dataType());
        INDArray maxima = Nd4j.createUninitialized(cosines.dataType(), cosines.size(0), classes, (long) gridHeight * gridWidth);
        host(cosines).groupMaxima(Nd4jTensors.of(cosines), Nd4jTensors.of(group), Nd4jTensors.of(maxima));
        return maxima.reshape(cosines.size(0), classes, gridHeight, gridWidth);
    }

    private static Kernels host(INDArray like) {
        return Backends.host().kernels(Nd4jTensors.type(like.dataType()), Precision.FP32);
    }

    /**
     * Labels at height x width.
     *
     * @param scores    (B,K,h,w)
     * @param valid     (B,height,width), 0 on padding, or null
     * @param threshold probability from which a label is kept
     */
    public static GuidanceLabels of(INDArray scores, int height, int width, INDArray valid, double threshold) {
        INDArray labels = Nd4j.createUninitialized(scores.dataType(), scores.size(0), height, width);
        INDArray probabilities = Nd4j.createUninitialized(scores.dataType(), scores.size(0), height, width);
        host(scores).sureLabels(Nd4jTensors.of(scores), Nd4jTensors.of(valid), threshold, Nd4jTensors.of(labels),
            Nd4jTensors.of(probabilities));
        return new GuidanceLabels(labels, probabilities);
    }

    /**
     * Probabilities (B,K,height,width) of all classes, the distribution whose largest values {@link #of} keeps.
     *
     * @param scores (B,K,h,w)
     */
    public static INDArray distribution(INDArray scores, int height, int width) {
        EnlargedScores large = new EnlargedScores(Nd4jTensors.of(scores), height, width);
        INDArray all = Nd4j.createUninitialized(scores.dataType(), scores.size(0), scores.size(1), height, width);
        Parallel.forEach((int) scores.size(0) * height, r -> {
            double[][] row = large.row(r / height, r % height);
            ClassScores.softmax(row);
            for (int c = 0; c < row.length; c++) {
                Staging.write(row[c], width, all, (((long) r / height * row.length + c) * height + r % height) * width);
            }
        });
        return all;
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
