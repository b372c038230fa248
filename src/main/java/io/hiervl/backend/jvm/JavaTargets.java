package io.hiervl.backend.jvm;

import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;
import java.util.Arrays;
import org.bytedeco.javacpp.Pointer;

/** Labels and weights of training targets on the host, in double. */
final class JavaTargets {
    /** Pixels at a time: the scores of some classes stay in the cache. */
    private static final int BLOCK = 2048;
    /** Label of pixels without one. */
    private static final int NONE = 255;

    private JavaTargets() {
    }

    private static int pixels(Tensor maps) {
        return (int) (maps.length() / maps.size(0));
    }

    private static double[] image(Tensor maps, int b) {
        double[] values = new double[pixels(maps)];
        Staging.read(maps, (long) b * values.length, values, values.length);
        return values;
    }

    static void bestClasses(Tensor z, Tensor confidence, Tensor labels) {
        int k = (int) z.size(1);
        int pixels = (int) (z.size(2) * z.size(3));
        int blocks = Parallel.parts(pixels, BLOCK);
        Parallel.forEach(blocks * (int) z.size(0), i -> {
            int b = i / blocks;
            int from = i % blocks * BLOCK;
            int n = Math.min(BLOCK, pixels - from);
            double[][] scores = new double[k][n];
            for (int c = 0; c < k; c++) {
                Staging.read(z, ((long) b * k + c) * pixels + from, scores[c], n);
            }
            double[] best = new double[n];
            double[] p = new double[n];
            ClassScores.winners(scores, best, p);
            Staging.write(p, n, confidence, (long) b * pixels + from);
            Staging.write(best, n, labels, (long) b * pixels + from);
        });
    }

    static void groupMaxima(Tensor values, Tensor group, Tensor maxima) {
        double[] groups = Staging.doubles(group);
        int n = groups.length;
        int cells = (int) maxima.size(2);
        int size = pixels(maxima);
        Parallel.forEach((int) values.size(0), b -> {
            double[] in = image(values, b);
            double[] s = new double[size];
            Arrays.fill(s, Double.NEGATIVE_INFINITY);
            for (int p = 0; p < cells; p++) {
                for (int j = 0; j < n; j++) {
                    int at = ((int) groups[j]) * cells + p;
                    s[at] = Math.max(s[at], in[p * n + j]);
                }
            }
            Staging.write(s, size, maxima, (long) b * size);
        });
    }

    static void sureLabels(Tensor scores, Tensor valid, double threshold, Tensor labels, Tensor probabilities) {
        int height = (int) labels.size(1);
        int width = (int) labels.size(2);
        EnlargedScores large = new EnlargedScores(scores, height, width);
        Parallel.forEach((int) scores.size(0) * height, r -> {
            double[] best = new double[width];
            double[] p = new double[width];
            ClassScores.winners(large.row(r / height, r % height), best, p);
            double[] ok = new double[width];
            Arrays.fill(ok, 1);
            if (valid != null) {
                Staging.read(valid, (long) r * width, ok, width);
            }
            for (int x = 0; x < width; x++) {
                best[x] = p[x] >= threshold && ok[x] != 0 ? best[x] : NONE;
            }
            Staging.write(best, width, labels, (long) r * width);
            if (probabilities != null) {
                Staging.write(p, width, probabilities, (long) r * width);
            }
        });
    }

    static void sureWeights(Tensor confidence, Tensor valid, double threshold, double each, Tensor weights) {
        Parallel.forEach((int) valid.size(0), b -> {
            double[] w = image(confidence, b);
            double[] counts = image(valid, b);
            for (int i = 0; i < w.length; i++) {
                w[i] = w[i] >= threshold ? counts[i] * each : 0;
            }
            Staging.write(w, w.length, weights, (long) b * w.length);
        });
    }

    static void meanWeights(Tensor confidence, Tensor valid, Tensor weights) {
        long batch = valid.size(0);
        Parallel.forEach((int) batch, b -> {
            double[] w = image(confidence, b);
            double[] counts = image(valid, b);
            double count = Math.max(1, Arrays.stream(counts).sum());
            double sum = 0;
            for (int i = 0; i < w.length; i++) {
                sum += counts[i] * w[i];
            }
            for (int i = 0; i < w.length; i++) {
                w[i] = counts[i] * sum / count / count / batch;
            }
            Staging.write(w, w.length, weights, (long) b * w.length);
        });
    }

    static void cutMix(Tensor batch, Tensor other, int[][] boxes, int[] partners, Tensor mixed) {
        int width = (int) batch.columns();
        int height = (int) batch.size(batch.rank() - 2);
        int planes = pixels(batch) / (height * width);
        long bytes = batch.type().width();
        Parallel.forEach(boxes.length * planes, i -> {
            int b = i / planes;
            long at = (long) i * height * width;
            Pointer.memcpy(mixed.pointer(at), batch.pointer(at), bytes * height * width);
            int[] box = boxes[b];
            for (int y = box == null ? height : box[0]; y < (box == null ? 0 : box[1]); y++) {
                long from = ((long) partners[b] * planes + i % planes) * height * width + (long) y * width + box[2];
                Pointer.memcpy(mixed.pointer(at + (long) y * width + box[2]), other.pointer(from), bytes * Math.max(0, box[3] - box[2]));
            }
        });
    }

    static void blank(Tensor images, Tensor map, Tensor y) {
        int channels = (int) images.size(1);
        int pixels = pixels(map);
        Parallel.forEach((int) images.size(0), b -> {
            double[] blank = image(map, b);
            double[] plane = new double[pixels];
            for (int c = 0; c < channels; c++) {
                long at = ((long) b * channels + c) * pixels;
                Staging.read(images, at, plane, pixels);
                for (int i = 0; i < pixels; i++) {
                    plane[i] = blank[i] != 0 ? 0 : plane[i];
                }
                Staging.write(plane, pixels, y, at);
            }
        });
    }

    static void sureCounts(Tensor confidence, Tensor valid, double threshold, Tensor counts) {
        double passed = 0;
        double all = 0;
        for (int b = 0; b < valid.size(0); b++) {
            double[] confidences = image(confidence, b);
            double[] ok = image(valid, b);
            for (int i = 0; i < ok.length; i++) {
                passed += confidences[i] >= threshold ? ok[i] : 0;
                all += ok[i];
            }
        }
        Staging.write(new double[] {passed, all}, counts);
    }

    static void agreement(Tensor labels, Tensor truth, Tensor known, Tensor count) {
        double right = 0;
        for (int b = 0; b < labels.size(0); b++) {
            double[] found = image(labels, b);
            double[] wanted = image(truth, b);
            double[] counts = image(known, b);
            for (int i = 0; i < found.length; i++) {
                right += found[i] == wanted[i] ? counts[i] : 0;
            }
        }
        Staging.write(new double[] {right}, count);
    }
}
