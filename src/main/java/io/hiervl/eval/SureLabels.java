package io.hiervl.eval;

import io.hiervl.Progress;
import io.hiervl.image.LabelMap;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Labels of a model beside true ones, and how sure the model is where it is right.
 *
 * @param matrix of all pixels with a true label
 * @param right  right pixels by class and by tenth of probability
 */
public record SureLabels(ConfusionMatrix matrix, long[][] right) {
    private static final int TENTHS = 10;
    /** A class counts as found if the model is right on this part of its pixels. */
    private static final double FOUND = 0.05;
    /** A threshold hides a class of which less than this part of the right pixels passes. */
    private static final double SHOWN = 0.2;

    /** Measures over a source; the scores of the segmenter's model are probabilities. */
    public static SureLabels measure(EvalSource source, ImageSegmenter segmenter, Progress progress) {
        ConfusionMatrix matrix = new ConfusionMatrix(segmenter.model().classes());
        long[][] right = new long[matrix.classes()][TENTHS];
        for (int i = 0; i < source.size(); i++) {
            EvalSource.Example e = source.example(i);
            LabelMap truth = e.labels();
            Segmentation s = segmenter.segment(e.photo(), truth.width(), truth.height());
            matrix.add(source.name(i), s.labels(), truth);
            for (int p = 0; p < s.score().length; p++) {
                int k = truth.values()[p] & 255;
                if (k < right.length && k == (s.labels().values()[p] & 255)) {
                    right[k][Math.max(0, Math.min(TENTHS - 1, (int) (s.score()[p] * TENTHS)))]++;
                }
            }
            progress.update(i + 1L, source.size(), String.format(java.util.Locale.ROOT, "mIoU %.4f", matrix.meanIou()));
        }
        return new SureLabels(matrix, right);
    }

    private boolean found(int k) {
        return matrix.targets(k) > 0 && matrix.intersection(k) >= FOUND * matrix.targets(k);
    }

    private boolean shows(int k, double threshold) {
        long above = 0;
        // a hundredth: 0.7 * 10 is above 7
        for (int b = (int) Math.ceil(threshold * TENTHS - 0.01); b < TENTHS; b++) {
            above += right[k][b];
        }
        return above >= SHOWN * matrix.intersection(k);
    }

    /** Classes that the model finds. */
    public List<Integer> found() {
        return IntStream.range(0, matrix.classes()).filter(this::found).boxed().toList();
    }

    /** Classes that the model finds and that a threshold hides: hardly a pixel of them passes. */
    public List<Integer> hidden(double threshold) {
        return found().stream().filter(k -> !shows(k, threshold)).toList();
    }

    /** The largest tenth below a threshold that hides none of the classes, at least 0.1. */
    public double showing(double threshold) {
        int tenth = (int) Math.ceil(threshold * TENTHS - 0.01) - 1;
        while (tenth > 1 && !hidden(tenth / (double) TENTHS).isEmpty()) {
            tenth--;
        }
        return Math.max(1, tenth) / (double) TENTHS;
    }

    @Override
    public boolean equals(Object other) {
        return io.hiervl.Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return io.hiervl.Content.hash(this);
    }

    @Override
    public String toString() {
        return io.hiervl.Content.text(this);
    }
}
