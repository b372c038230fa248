package io.hiervl.train;

import io.hiervl.config.LossConfig;
import io.hiervl.op.kernel.Parallel;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Labels and weights of single pixels, made outside the graphs from detached predictions. */
final class PixelTargets {
    static final int IGNORE = 255;

    private PixelTargets() {
    }

    /**
     * Most probable class with its probability (hiervl.md 8.3).
     *
     * @param labels     (B,H,W)
     * @param confidence (B,H,W), largest softmax probability
     */
    record Pseudo(INDArray labels, INDArray confidence) {
    }

    /** Softmax of z (B,K,H,W). */
    static Pseudo pseudo(INDArray z) {
        long[] s = z.shape();
        int k = (int) s[1];
        int plane = (int) (s[2] * s[3]);
        float[] scores = z.data().asFloat();
        float[] labels = new float[(int) s[0] * plane];
        float[] confidence = new float[labels.length];
        Parallel.forRange(labels.length, 4096, (from, to) -> {
            for (int i = from; i < to; i++) {
                int base = i / plane * k * plane + i % plane;
                int best = 0;
                for (int c = 1; c < k; c++) {
                    if (scores[base + c * plane] > scores[base + best * plane]) {
                        best = c;
                    }
                }
                double sum = 0;
                for (int c = 0; c < k; c++) {
                    sum += Math.exp(scores[base + c * plane] - scores[base + best * plane]);
                }
                labels[i] = best;
                confidence[i] = (float) (1 / sum);
            }
        });
        return new Pseudo(map(labels, s), map(confidence, s));
    }

    /**
     * Labels of the frozen CLIP: concept scores (B,h*w,N) to class scores by maximum, bilinear to height x width, softmax;
     * 255 where the largest probability is below the threshold or the pixel is padding.
     */
    static INDArray guidance(INDArray scores, TrainingModel.Concepts concepts, int classes, int h, int w, INDArray valid, double threshold) {
        int batch = (int) scores.size(0);
        int n = (int) scores.size(2);
        int height = (int) valid.size(1);
        int width = (int) valid.size(2);
        float[] in = scores.data().asFloat();
        float[] ok = valid.data().asFloat();
        float[] small = new float[batch * classes * h * w];
        Arrays.fill(small, -1e4f);
        for (int i = 0; i < batch * h * w; i++) {
            for (int j = 0; j < n; j++) {
                int at = (i / (h * w) * classes + concepts.classOf()[j]) * h * w + i % (h * w);
                small[at] = Math.max(small[at], in[i * n + j]);
            }
        }
        float[] labels = new float[batch * height * width];
        Parallel.forRange((long) batch * height, 8, (from, to) -> {
            double[] v = new double[classes];
            for (int row = from; row < to; row++) {
                int b = row / height;
                double sy = Math.max(0, (row % height + 0.5) * h / height - 0.5);
                int y0 = Math.min(h - 1, (int) sy);
                int y1 = Math.min(h - 1, y0 + 1);
                double fy = sy - y0;
                for (int x = 0; x < width; x++) {
                    double sx = Math.max(0, (x + 0.5) * w / width - 0.5);
                    int x0 = Math.min(w - 1, (int) sx);
                    int x1 = Math.min(w - 1, x0 + 1);
                    double fx = sx - x0;
                    int best = 0;
                    for (int c = 0; c < classes; c++) {
                        int base = (b * classes + c) * h * w;
                        v[c] = (1 - fy) * ((1 - fx) * small[base + y0 * w + x0] + fx * small[base + y0 * w + x1])
                            + fy * ((1 - fx) * small[base + y1 * w + x0] + fx * small[base + y1 * w + x1]);
                        best = v[c] > v[best] ? c : best;
                    }
                    double sum = 0;
                    for (int c = 0; c < classes; c++) {
                        sum += Math.exp(v[c] - v[best]);
                    }
                    int i = row * width + x;
                    labels[i] = 1 / sum >= threshold && ok[i] > 0 ? best : IGNORE;
                }
            }
        });
        return map(labels, new long[] {batch, 0, height, width});
    }

    /** 1 / number of valid pixels of the batch where the label is a class, 0 elsewhere. */
    static INDArray supervised(INDArray labels, int classes) {
        float[] l = labels.data().asFloat();
        int valid = 0;
        for (float v : l) {
            valid += v < classes ? 1 : 0;
        }
        float[] w = new float[l.length];
        for (int i = 0; i < l.length; i++) {
            w[i] = l[i] < classes ? 1f / valid : 0;
        }
        return Nd4j.createFromArray(w).reshape('c', labels.shape());
    }

    /** Weights of self-training: per pixel above the threshold, or all pixels with their image's mean confidence. */
    static INDArray selfTraining(INDArray confidence, INDArray valid, LossConfig loss) {
        float[] c = confidence.data().asFloat();
        float[] v = valid.data().asFloat();
        int batch = (int) valid.size(0);
        int plane = c.length / batch;
        float[] w = new float[c.length];
        double all = 0;
        for (float x : v) {
            all += x;
        }
        for (int b = 0; b < batch; b++) {
            double own = 0;
            double mean = 0;
            for (int i = b * plane; i < (b + 1) * plane; i++) {
                own += v[i];
                mean += v[i] * c[i];
            }
            for (int i = b * plane; i < (b + 1) * plane; i++) {
                if (v[i] == 0) {
                    continue;
                }
                w[i] = loss.confidence() == LossConfig.Confidence.PIXELWISE ? (float) (c[i] >= loss.threshold() ? 1 / all : 0)
                    : (float) (mean / own / own / batch);
            }
        }
        return Nd4j.createFromArray(w).reshape('c', valid.shape());
    }

    /** Divides a 0/1 map by its sum over the batch. */
    static INDArray mean(INDArray valid) {
        double n = valid.sumNumber().doubleValue();
        return n == 0 ? valid.dup('c') : valid.div(n);
    }

    /** Share of valid pixels above the threshold: the mask ratio of UniMatch. */
    static double ratio(INDArray confidence, INDArray valid, double threshold) {
        float[] c = confidence.data().asFloat();
        float[] v = valid.data().asFloat();
        double n = 0;
        double above = 0;
        for (int i = 0; i < c.length; i++) {
            n += v[i];
            above += v[i] > 0 && c[i] >= threshold ? 1 : 0;
        }
        return n == 0 ? 0 : above / n;
    }

    private static INDArray map(float[] values, long[] nchw) {
        return Nd4j.createFromArray(values).reshape('c', nchw[0], nchw[2], nchw[3]);
    }
}
