package io.hiervl.loss;

import io.hiervl.Content;
import io.hiervl.backend.jvm.Parallel;
import io.hiervl.graph.StepArrays;
import io.hiervl.tensor.RawArrays;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Which class is erased from every labelled image for equations 6 and 7, and which patches count (docs/paper.md 8.6).
 *
 * @param classes      erased class per image, -1 where none was suitable
 * @param erased       (B,H,W), 1 on pixels to blank
 * @param patches      patches that count, with the erased class
 */
public record MaskTargets(int[] classes, INDArray erased, Patches patches) {
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

    /**
     * Classes of patches.
     *
     * @param classes (B,N), -1 where the patch does not count
     * @param weights (B,N), 1 / number of counting patches of the batch on these, else 0
     */
    public record Patches(INDArray classes, INDArray weights) {
        /** Whether any patch counts. */
        public boolean any() {
            return weights.maxNumber().doubleValue() > 0;
        }

        /** Counting patches. */
        double count() {
            return Arrays.stream(Maps.read(classes)).filter(c -> c >= 0).count();
        }

        private static Patches of(DataType type, double[][] classes) {
            double count = 0;
            for (double[] image : classes) {
                count += Arrays.stream(image).filter(c -> c >= 0).count();
            }
            double each = 1 / Math.max(1, count);
            long[] shape = {classes.length, classes[0].length};
            return new Patches(Maps.perImage(type, shape, b -> classes[b]),
                Maps.perImage(type, shape, b -> Arrays.stream(classes[b]).map(c -> c >= 0 ? each : 0).toArray()));
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

    /** For every image the classes that may be erased: those that cover 1 % to 75 % of the valid pixels of labels (B,H,W). */
    public static List<int[]> suitable(INDArray labels, Rules rules) {
        INDArray dense = RawArrays.dense(labels);
        List<int[]> result = new ArrayList<>();
        for (int b = 0; b < labels.size(0); b++) {
            int[] counts = new int[rules.classes];
            int valid = 0;
            for (double v : Maps.image(dense, b)) {
                if (Maps.isClass(v, rules.classes)) {
                    counts[(int) v]++;
                    valid++;
                }
            }
            List<Integer> suitable = new ArrayList<>();
            for (int c = rules.background ? 0 : 1; c < rules.classes; c++) {
                if (counts[c] > 0 && counts[c] >= LEAST * valid && counts[c] <= MOST * valid) {
                    suitable.add(c);
                }
            }
            result.add(suitable.stream().mapToInt(Integer::intValue).toArray());
        }
        return result;
    }

    /**
     * Targets for the chosen classes. A patch counts if at least half of it is erased; if there is none, the best one does.
     *
     * @param labels (B,H,W), H and W multiples of the patch size
     * @param chosen class per image, -1 for none
     */
    public static MaskTargets of(INDArray labels, Rules rules, int[] chosen) {
        INDArray dense = RawArrays.dense(labels);
        int h = (int) labels.size(1);
        int w = (int) labels.size(2);
        double[][] patches = new double[chosen.length][];
        INDArray erased = Maps.perImage(labels.dataType(), labels.shape(), b -> {
            double[] l = Maps.image(dense, b);
            double[] blank = new double[l.length];
            int[] area = new int[h / rules.patch * (w / rules.patch)];
            for (int i = 0; i < l.length; i++) {
                if (chosen[b] >= 0 && l[i] == chosen[b]) {
                    blank[i] = 1;
                    area[patch(i, w, rules)]++;
                }
            }
            if (rules.rim) {
                blankRim(l, blank, h, w, rules.classes);
            }
            patches[b] = select(area, chosen[b], rules.patch * rules.patch);
            return blank;
        });
        return new MaskTargets(chosen.clone(), erased, Patches.of(labels.dataType(), patches));
    }

    private static int patch(int pixel, int w, Rules rules) {
        return pixel / w / rules.patch * (w / rules.patch) + pixel % w / rules.patch;
    }

    private static double[] select(int[] area, int chosen, int full) {
        double[] classes = new double[area.length];
        Arrays.fill(classes, -1);
        if (chosen < 0) {
            return classes;
        }
        int best = 0;
        boolean half = false;
        for (int p = 0; p < area.length; p++) {
            best = area[p] > area[best] ? p : best;
            if (2 * area[p] >= full) {
                classes[p] = chosen;
                half = true;
            }
        }
        if (!half) {
            classes[best] = chosen;
        }
        return classes;
    }

    /** Spreads the erased area over connected ignored pixels. */
    private static void blankRim(double[] labels, double[] erased, int h, int w, int classes) {
        int[] queue = new int[h * w];
        int size = 0;
        for (int i = 0; i < h * w; i++) {
            if (erased[i] != 0) {
                queue[size++] = i;
            }
        }
        for (int next = 0; next < size; next++) {
            int y = queue[next] / w;
            int x = queue[next] % w;
            for (int ny = Math.max(0, y - 1); ny <= Math.min(h - 1, y + 1); ny++) {
                for (int nx = Math.max(0, x - 1); nx <= Math.min(w - 1, x + 1); nx++) {
                    int n = ny * w + nx;
                    if (erased[n] == 0 && !Maps.isClass(labels[n], classes)) {
                        erased[n] = 1;
                        queue[size++] = n;
                    }
                }
            }
        }
    }

    /** Images (B,3,H,W), normalised, with the erased pixels set to 0, the mean colour, in a copy. */
    public Tensor erase(Tensor images, StepArrays arrays) {
        Tensor copy = arrays.make(images.type(), images.shape());
        arrays.kernels(images.type()).blank(arrays.place(images), arrays.place(erased), copy);
        return copy;
    }

    /** Patches of whole images for equation 7 without masking: the class that covers half of the patch or more. */
    public static Patches allPatches(INDArray labels, Rules rules) {
        INDArray dense = RawArrays.dense(labels);
        int w = (int) labels.size(2);
        int n = (int) (labels.size(1) / rules.patch * (w / rules.patch));
        double[][] classes = new double[(int) labels.size(0)][n];
        Parallel.forEach(classes.length, b -> {
            double[] l = Maps.image(dense, b);
            int[][] counts = new int[n][rules.classes];
            for (int i = 0; i < l.length; i++) {
                if (Maps.isClass(l[i], rules.classes)) {
                    counts[patch(i, w, rules)][(int) l[i]]++;
                }
            }
            for (int p = 0; p < n; p++) {
                int best = 0;
                for (int c = 1; c < rules.classes; c++) {
                    best = counts[p][c] > counts[p][best] ? c : best;
                }
                classes[b][p] = 2 * counts[p][best] >= rules.patch * rules.patch ? best : -1;
            }
        });
        return Patches.of(labels.dataType(), classes);
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
