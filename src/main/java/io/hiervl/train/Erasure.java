package io.hiervl.train;

import io.hiervl.config.LossConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One random class of every image blanked (hiervl.md 8.6), with the patches on which equations 6 and 7 are taken: those
 * with at least half of their area blanked, else the best one.
 *
 * @param images  (B,3,H,W) with zeros, the mean colour, in place of the class
 * @param classes (B,N) class of every patch
 * @param weights (B,N): 1 / number of selected patches of the batch
 * @param any     whether a patch was selected at all
 */
record Erasure(INDArray images, INDArray classes, INDArray weights, boolean any) {

    static Erasure of(INDArray images, INDArray labels, int classes, int patch, LossConfig loss, SplittableRandom random) {
        int batch = (int) images.size(0);
        int h = (int) images.size(2);
        int w = (int) images.size(3);
        int plane = h * w;
        int gw = w / patch;
        int n = h / patch * gw;
        float[] pixels = images.dup('c').data().asFloat();
        float[] l = labels.data().asFloat();
        float[] patchClass = new float[batch * n];
        float[] weights = new float[batch * n];
        int selected = 0;
        for (int b = 0; b < batch; b++) {
            int chosen = choose(l, b * plane, plane, classes, loss, random);
            if (chosen < 0) {
                continue;
            }
            int[] area = new int[n];
            for (int i = 0; i < plane; i++) {
                boolean erase = l[b * plane + i] == chosen;
                if (erase) {
                    area[i / w / patch * gw + i % w / patch]++;
                }
                if (erase || loss.blankRim() && touches(l, b * plane, h, w, i, chosen)) {
                    for (int c = 0; c < 3; c++) {
                        pixels[(b * 3 + c) * plane + i] = 0;
                    }
                }
            }
            int best = 0;
            boolean half = false;
            for (int p = 0; p < n; p++) {
                best = area[p] > area[best] ? p : best;
                half |= 2 * area[p] >= patch * patch;
            }
            for (int p = 0; p < n; p++) {
                if (half ? 2 * area[p] >= patch * patch : p == best) {
                    weights[b * n + p] = 1;
                    patchClass[b * n + p] = chosen;
                    selected++;
                }
            }
        }
        for (int i = 0; i < weights.length; i++) {
            weights[i] /= Math.max(1, selected);
        }
        return new Erasure(Nd4j.createFromArray(pixels).reshape('c', images.shape()), Nd4j.createFromArray(patchClass).reshape('c', batch, n),
            Nd4j.createFromArray(weights).reshape('c', batch, n), selected > 0);
    }

    /** A class that covers 1 % to 75 % of the valid pixels, uniformly, or -1. */
    private static int choose(float[] labels, int from, int plane, int classes, LossConfig loss, SplittableRandom random) {
        int[] count = new int[classes];
        int valid = 0;
        for (int i = from; i < from + plane; i++) {
            if (labels[i] < classes) {
                count[(int) labels[i]]++;
                valid++;
            }
        }
        List<Integer> candidates = new ArrayList<>();
        for (int c = loss.maskBackground() ? 0 : 1; c < classes; c++) {
            if (count[c] > 0 && count[c] >= 0.01 * valid && count[c] <= 0.75 * valid) {
                candidates.add(c);
            }
        }
        return candidates.isEmpty() ? -1 : candidates.get(random.nextInt(candidates.size()));
    }

    private static boolean touches(float[] labels, int from, int h, int w, int i, int chosen) {
        if (labels[from + i] != PixelTargets.IGNORE) {
            return false;
        }
        int y = i / w;
        int x = i % w;
        for (int dy = -1; dy <= 1; dy++) {
            for (int dx = -1; dx <= 1; dx++) {
                if (y + dy >= 0 && y + dy < h && x + dx >= 0 && x + dx < w && labels[from + (y + dy) * w + x + dx] == chosen) {
                    return true;
                }
            }
        }
        return false;
    }
}
