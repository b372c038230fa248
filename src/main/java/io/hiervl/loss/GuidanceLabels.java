package io.hiervl.loss;

import io.hiervl.backend.jvm.Interpolation;
import io.hiervl.backend.jvm.Parallel;
import io.hiervl.graph.Ops;
import io.hiervl.graph.ResizeMatrix;
import io.hiervl.tensor.RawArrays;
import io.hiervl.tensor.Resize;
import io.hiervl.tensor.Staging;
import java.util.Arrays;
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
        INDArray dense = RawArrays.dense(cosines);
        int n = conceptClass.length;
        int cells = gridHeight * gridWidth;
        return Maps.perImage(cosines.dataType(), new long[] {cosines.size(0), classes, gridHeight, gridWidth}, b -> {
            double[] in = Maps.image(dense, b);
            double[] s = new double[classes * cells];
            Arrays.fill(s, Double.NEGATIVE_INFINITY);
            for (int p = 0; p < cells; p++) {
                for (int j = 0; j < n; j++) {
                    int at = conceptClass[j] * cells + p;
                    s[at] = Math.max(s[at], in[p * n + j]);
                }
            }
            return s;
        });
    }

    /**
     * Labels at height x width.
     *
     * @param scores    (B,K,h,w)
     * @param valid     (B,height,width), 0 on padding, or null
     * @param threshold probability from which a label is kept
     */
    public static GuidanceLabels of(INDArray scores, int height, int width, INDArray valid, double threshold) {
        Enlarged large = new Enlarged(scores, height, width);
        INDArray mask = valid == null ? null : RawArrays.dense(valid);
        INDArray labels = Nd4j.createUninitialized(scores.dataType(), scores.size(0), height, width);
        INDArray probabilities = Nd4j.createUninitialized(scores.dataType(), scores.size(0), height, width);
        Parallel.forEach((int) scores.size(0) * height, r -> {
            double[] best = new double[width];
            double[] p = new double[width];
            PseudoLabels.winners(large.row(r / height, r % height), best, p);
            double[] ok = new double[width];
            Arrays.fill(ok, 1);
            if (mask != null) {
                Staging.read(mask, (long) r * width, ok, width);
            }
            for (int x = 0; x < width; x++) {
                best[x] = p[x] >= threshold && ok[x] != 0 ? best[x] : NONE;
            }
            Staging.write(best, width, labels, (long) r * width);
            Staging.write(p, width, probabilities, (long) r * width);
        });
        return new GuidanceLabels(labels, probabilities);
    }

    /**
     * Probabilities (B,K,height,width) of all classes, the distribution whose largest values {@link #of} keeps.
     *
     * @param scores (B,K,h,w)
     */
    public static INDArray distribution(INDArray scores, int height, int width) {
        Enlarged large = new Enlarged(scores, height, width);
        INDArray all = Nd4j.createUninitialized(scores.dataType(), scores.size(0), scores.size(1), height, width);
        Parallel.forEach((int) scores.size(0) * height, r -> {
            double[][] row = large.row(r / height, r % height);
            PseudoLabels.softmax(row);
            for (int c = 0; c < row.length; c++) {
                Staging.write(row[c], width, all, (((long) r / height * row.length + c) * height + r % height) * width);
            }
        });
        return all;
    }

    /** Scores (B,K,h,w) enlarged bilinearly, row by row. */
    private static final class Enlarged {
        private final double[] small;
        private final int k;
        private final int h;
        private final int w;
        private final int width;
        private final double[][] vertical;
        private final Interpolation horizontal;

        Enlarged(INDArray scores, int height, int width) {
            this.small = Maps.read(scores);
            this.k = (int) scores.size(1);
            this.h = (int) scores.size(2);
            this.w = (int) scores.size(3);
            this.width = width;
            this.vertical = ResizeMatrix.of(h, height, Resize.BILINEAR);
            this.horizontal = Interpolation.of(w, width, Resize.BILINEAR);
        }

        /** Row y of an image, (K,width). */
        double[][] row(int image, int y) {
            double[][] row = new double[k][width];
            for (int c = 0; c < k; c++) {
                horizontal.rows(line((image * k + c) * h * w, vertical[y]), 1, row[c]);
            }
            return row;
        }

        /** The rows of a map that starts at an offset, blended into one. */
        private double[] line(int offset, double[] weights) {
            double[] line = new double[w];
            for (int y = 0; y < weights.length; y++) {
                if (weights[y] != 0) {
                    for (int x = 0; x < w; x++) {
                        line[x] += weights[y] * small[offset + y * w + x];
                    }
                }
            }
            return line;
        }
    }
}
