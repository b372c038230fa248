package io.hiervl.loss;

import io.hiervl.op.JavaOp;
import io.hiervl.op.kernel.Interpolation;
import io.hiervl.op.kernel.Resizer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Labels by the frozen CLIP (SemiVL's MaskCLIP guidance; hiervl.md 8.3): cosine times the CLIP's logit scale, the best concept
 * of every class, bilinear to full size, softmax, kept where it is sure.
 *
 * @param labels         (B,H,W), 255 where the frozen CLIP is unsure or the image is padding
 * @param probabilities  (B,H,W), largest probability
 */
public record GuidanceLabels(INDArray labels, INDArray probabilities) {
    /** Label of pixels without guidance. */
    public static final int NONE = 255;

    /**
     * Class scores (B,K,gridHeight,gridWidth).
     *
     * @param dense        (B,N,C) dense embeddings, any length
     * @param concepts     (n,C) text embeddings of all concepts, any length
     * @param conceptClass class of each concept
     * @param scale        the CLIP's logit scale
     */
    public static INDArray scores(INDArray dense, INDArray concepts, int[] conceptClass, int classes, double scale, int gridHeight,
                                  int gridWidth) {
        int c = (int) dense.size(2);
        int n = (int) dense.size(1);
        double[] x = unit(Maps.read(dense), c);
        double[] t = unit(Maps.read(concepts), c);
        double[] s = new double[(int) dense.size(0) * classes * n];
        java.util.Arrays.fill(s, Double.NEGATIVE_INFINITY);
        for (int p = 0; p < x.length / c; p++) {
            for (int j = 0; j < conceptClass.length; j++) {
                double dot = 0;
                for (int i = 0; i < c; i++) {
                    dot += x[p * c + i] * t[j * c + i];
                }
                int at = (p / n * classes + conceptClass[j]) * n + p % n;
                s[at] = Math.max(s[at], scale * dot);
            }
        }
        return Maps.array(dense.dataType(), s, dense.size(0), classes, gridHeight, gridWidth);
    }

    private static double[] unit(double[] x, int width) {
        for (int r = 0; r < x.length / width; r++) {
            double sum = 0;
            for (int i = r * width; i < (r + 1) * width; i++) {
                sum += x[i] * x[i];
            }
            double norm = Math.max(Math.sqrt(sum), 1e-12);
            for (int i = r * width; i < (r + 1) * width; i++) {
                x[i] /= norm;
            }
        }
        return x;
    }

    /**
     * Labels at height x width.
     *
     * @param scores    (B,K,h,w)
     * @param valid     (B,height,width), 0 on padding, or null
     * @param threshold probability from which a label is kept
     */
    public static GuidanceLabels of(INDArray scores, int height, int width, INDArray valid, double threshold) {
        INDArray full = Nd4j.createUninitialized(scores.dataType(), scores.size(0), scores.size(1), height, width);
        Resizer.of((int) scores.size(2), (int) scores.size(3), height, width, Interpolation.BILINEAR).forward(JavaOp.dense(scores), full);
        PseudoLabels best = PseudoLabels.of(full);
        double[] labels = Maps.read(best.labels());
        double[] p = Maps.read(best.confidence());
        double[] v = valid == null ? null : Maps.read(valid);
        for (int i = 0; i < labels.length; i++) {
            if (p[i] < threshold || v != null && v[i] == 0) {
                labels[i] = NONE;
            }
        }
        return new GuidanceLabels(Maps.like(best.labels(), labels), best.confidence());
    }
}
