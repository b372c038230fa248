package io.hiervl.eval;

import io.hiervl.Progress;
import io.hiervl.image.LabelMap;

/**
 * How good labels from the frozen CLIP are, with pixels below a confidence threshold left out. Foreground is every class
 * but 0.
 *
 * @param threshold  least probability of a kept pixel
 * @param kept       share of the pixels with a true label that are kept
 * @param accuracy   right share of the kept pixels
 * @param foreground right share of the kept pixels of true classes other than 0
 * @param background right share of the kept pixels of true class 0
 * @param miou       mean IoU over the kept pixels
 */
public record GuidanceAccuracy(double threshold, double kept, double accuracy, double foreground, double background, double miou) {
    /** Measures over a source; the scores of the segmenter's model are probabilities. */
    public static GuidanceAccuracy[] measure(EvalSource source, ImageSegmenter segmenter, Progress progress, double... thresholds) {
        int classes = segmenter.model().classes();
        ConfusionMatrix[] matrices = new ConfusionMatrix[thresholds.length];
        for (int t = 0; t < thresholds.length; t++) {
            matrices[t] = new ConfusionMatrix(classes);
        }
        long labelled = 0;
        for (int i = 0; i < source.size(); i++) {
            EvalSource.Example e = source.example(i);
            LabelMap truth = e.labels();
            Segmentation s = segmenter.segment(e.photo(), truth.width(), truth.height());
            for (byte v : truth.values()) {
                labelled += (v & 255) == LabelMap.IGNORE ? 0 : 1;
            }
            for (int t = 0; t < thresholds.length; t++) {
                matrices[t].add(source.name(i), s.labels(), sure(truth, s.score(), thresholds[t]));
            }
            progress.update(i + 1L, source.size(), "guidance");
        }
        GuidanceAccuracy[] result = new GuidanceAccuracy[thresholds.length];
        for (int t = 0; t < thresholds.length; t++) {
            result[t] = of(matrices[t], thresholds[t], labelled);
        }
        return result;
    }

    private static LabelMap sure(LabelMap truth, float[] score, double threshold) {
        byte[] values = truth.values().clone();
        for (int i = 0; i < values.length; i++) {
            if (score[i] < threshold) {
                values[i] = (byte) LabelMap.IGNORE;
            }
        }
        return new LabelMap(values, truth.width(), truth.height());
    }

    private static GuidanceAccuracy of(ConfusionMatrix m, double threshold, long labelled) {
        long right = 0;
        long things = 0;
        for (int k = 1; k < m.classes(); k++) {
            right += m.intersection(k);
            things += m.targets(k);
        }
        return new GuidanceAccuracy(threshold, (double) m.total() / Math.max(1, labelled), m.pixelAccuracy(),
            (double) right / Math.max(1, things),
            (double) m.intersection(0) / Math.max(1, m.targets(0)), m.meanIou());
    }
}
