package io.hiervl.loss;

import io.hiervl.graph.Ops;
import io.hiervl.graph.Resize;
import io.hiervl.graph.ResizeMatrix;
import io.hiervl.op.JavaOp;
import io.hiervl.op.kernel.Interpolation;
import io.hiervl.op.kernel.Parallel;
import io.hiervl.op.kernel.Staging;
import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Labels by the frozen CLIP (SemiVL's MaskCLIP guidance; hiervl.md 8.3): cosine times the CLIP's logit scale, the best concept
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
        INDArray dense = JavaOp.dense(cosines);
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
        int k = (int) scores.size(1);
        int h = (int) scores.size(2);
        int w = (int) scores.size(3);
        double[] small = Maps.read(scores);
        double[][] vertical = ResizeMatrix.of(h, height, Resize.BILINEAR);
        Interpolation horizontal = Interpolation.of(w, width, Interpolation.BILINEAR);
        INDArray mask = valid == null ? null : JavaOp.dense(valid);
        INDArray labels = Nd4j.createUninitialized(scores.dataType(), scores.size(0), height, width);
        INDArray probabilities = Nd4j.createUninitialized(scores.dataType(), scores.size(0), height, width);
        Parallel.forEach((int) scores.size(0) * height, r -> {
            double[][] row = new double[k][width];
            for (int c = 0; c < k; c++) {
                horizontal.rows(line(small, (r / height * k + c) * h * w, w, vertical[r % height]), 1, row[c]);
            }
            double[] best = new double[width];
            double[] p = new double[width];
            PseudoLabels.winners(row, best, p);
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

    /** The rows of a map that starts at an offset, blended into one. */
    private static double[] line(double[] maps, int offset, int w, double[] weights) {
        double[] line = new double[w];
        for (int y = 0; y < weights.length; y++) {
            if (weights[y] != 0) {
                for (int x = 0; x < w; x++) {
                    line[x] += weights[y] * maps[offset + y * w + x];
                }
            }
        }
        return line;
    }
}
