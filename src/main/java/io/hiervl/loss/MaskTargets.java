package io.hiervl.loss;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Which class is erased from every labelled image for equations 6 and 7, and which patches count (hiervl.md 8.6).
 *
 * @param classes      erased class per image, -1 where none was suitable
 * @param erased       (B,H,W), 1 on pixels to blank
 * @param patchClasses (B,N) erased class, -1 where the patch does not count
 * @param weights      (B,N), 1 / number of counting patches of the batch on these, else 0
 */
public record MaskTargets(int[] classes, INDArray erased, INDArray patchClasses, INDArray weights) {
    private static final double LEAST = 0.01;
    private static final double MOST = 0.75;

    /**
     * How classes are chosen.
     *
     * @param classes    K
     * @param patch      patch size in pixels
     * @param background class 0 may be erased too
     * @param rim        also blank ignored pixels that touch the erased object: its outline gives it away
     */
    public record Rules(int classes, int patch, boolean background, boolean rim) {
    }

    /** Whether there is anything to do. */
    public boolean any() {
        for (int c : classes) {
            if (c >= 0) {
                return true;
            }
        }
        return false;
    }

    /**
     * Chooses for every image uniformly among the present classes that cover 1 % to 75 % of the valid pixels.
     *
     * @param labels (B,H,W), H and W multiples of the patch size
     * @param seeds  one per image
     */
    public static MaskTargets choose(INDArray labels, Rules rules, long[] seeds) {
        int batch = (int) labels.size(0);
        int pixels = (int) (labels.size(1) * labels.size(2));
        double[] l = Maps.read(labels);
        int[] chosen = new int[batch];
        for (int b = 0; b < batch; b++) {
            int[] counts = new int[rules.classes];
            int valid = 0;
            for (int i = b * pixels; i < (b + 1) * pixels; i++) {
                if (Maps.isClass(l[i], rules.classes)) {
                    counts[(int) l[i]]++;
                    valid++;
                }
            }
            List<Integer> suitable = new ArrayList<>();
            for (int c = rules.background ? 0 : 1; c < rules.classes; c++) {
                if (counts[c] > 0 && counts[c] >= LEAST * valid && counts[c] <= MOST * valid) {
                    suitable.add(c);
                }
            }
            chosen[b] = suitable.isEmpty() ? -1 : suitable.get(new SplittableRandom(seeds[b]).nextInt(suitable.size()));
        }
        return of(labels, rules, chosen);
    }

    /** Targets for classes that are chosen already, -1 for none. */
    public static MaskTargets of(INDArray labels, Rules rules, int[] chosen) {
        int batch = (int) labels.size(0);
        int h = (int) labels.size(1);
        int w = (int) labels.size(2);
        int rows = h / rules.patch;
        int columns = w / rules.patch;
        double[] l = Maps.read(labels);
        double[] erased = new double[l.length];
        double[] patchClasses = new double[batch * rows * columns];
        java.util.Arrays.fill(patchClasses, -1);
        int selected = 0;
        for (int b = 0; b < batch; b++) {
            if (chosen[b] < 0) {
                continue;
            }
            int[] area = new int[rows * columns];
            for (int i = 0; i < h * w; i++) {
                if (l[b * h * w + i] == chosen[b]) {
                    erased[b * h * w + i] = 1;
                    int y = i / w / rules.patch;
                    int x = i % w / rules.patch;
                    if (y < rows && x < columns) {
                        area[y * columns + x]++;
                    }
                }
            }
            if (rules.rim) {
                blankRim(l, erased, b * h * w, h, w, rules.classes);
            }
            int best = 0;
            boolean half = false;
            for (int p = 0; p < area.length; p++) {
                best = area[p] > area[best] ? p : best;
                if (2 * area[p] >= rules.patch * rules.patch) {
                    patchClasses[b * area.length + p] = chosen[b];
                    half = true;
                    selected++;
                }
            }
            if (!half) {
                patchClasses[b * area.length + best] = chosen[b];
                selected++;
            }
        }
        return new MaskTargets(chosen.clone(), Maps.like(labels, erased),
            Maps.array(labels.dataType(), patchClasses, batch, (long) rows * columns),
            Maps.array(labels.dataType(), weights(patchClasses, selected), batch, (long) rows * columns));
    }

    private static double[] weights(double[] classes, int selected) {
        double[] w = new double[classes.length];
        for (int i = 0; i < w.length; i++) {
            w[i] = classes[i] >= 0 ? 1.0 / selected : 0;
        }
        return w;
    }

    /** Spreads the erased area over connected ignored pixels. */
    private static void blankRim(double[] labels, double[] erased, int offset, int h, int w, int classes) {
        int[] queue = new int[h * w];
        int size = 0;
        for (int i = 0; i < h * w; i++) {
            if (erased[offset + i] != 0) {
                queue[size++] = i;
            }
        }
        for (int next = 0; next < size; next++) {
            int y = queue[next] / w;
            int x = queue[next] % w;
            for (int ny = Math.max(0, y - 1); ny <= Math.min(h - 1, y + 1); ny++) {
                for (int nx = Math.max(0, x - 1); nx <= Math.min(w - 1, x + 1); nx++) {
                    int n = ny * w + nx;
                    if (erased[offset + n] == 0 && !Maps.isClass(labels[offset + n], classes)) {
                        erased[offset + n] = 1;
                        queue[size++] = n;
                    }
                }
            }
        }
    }

    /** Images (B,3,H,W), normalised, with the erased pixels set to 0 in a copy. */
    public INDArray erase(INDArray images) {
        long[] s = images.shape();
        double[] mask = Maps.read(erased);
        double[] x = Maps.read(images);
        int pixels = (int) (s[2] * s[3]);
        for (int i = 0; i < x.length; i++) {
            int b = i / (int) (s[1] * pixels);
            if (mask[b * pixels + i % pixels] != 0) {
                x[i] = 0;
            }
        }
        return Maps.like(images, x);
    }

    /**
     * Class of every patch of whole images for equation 7 without masking: the class that covers half of the patch or more.
     *
     * @return classes (B,N) with -1 for mixed patches, and weights (B,N) as {@link #weights}
     */
    public static INDArray[] allPatches(INDArray labels, Rules rules) {
        int batch = (int) labels.size(0);
        int h = (int) labels.size(1);
        int w = (int) labels.size(2);
        int rows = h / rules.patch;
        int columns = w / rules.patch;
        double[] l = Maps.read(labels);
        double[] classes = new double[batch * rows * columns];
        int selected = 0;
        for (int p = 0; p < classes.length; p++) {
            int b = p / (rows * columns);
            int y0 = p % (rows * columns) / columns * rules.patch;
            int x0 = p % columns * rules.patch;
            int[] counts = new int[rules.classes];
            int best = 0;
            for (int i = 0; i < rules.patch * rules.patch; i++) {
                double v = l[(b * h + y0 + i / rules.patch) * w + x0 + i % rules.patch];
                if (Maps.isClass(v, rules.classes) && ++counts[(int) v] > counts[best]) {
                    best = (int) v;
                }
            }
            boolean clear = 2 * counts[best] >= rules.patch * rules.patch;
            classes[p] = clear ? best : -1;
            selected += clear ? 1 : 0;
        }
        long n = (long) rows * columns;
        return new INDArray[] {Maps.array(labels.dataType(), classes, batch, n),
            Maps.array(labels.dataType(), weights(classes, selected), batch, n)};
    }
}
