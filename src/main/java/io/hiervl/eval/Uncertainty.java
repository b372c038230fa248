package io.hiervl.eval;

import io.hiervl.Content;
import io.hiervl.Progress;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import java.util.List;

/**
 * How unsure a model is about a photo, at the size that the network sees. The photo and its mirror image go through the network together.
 *
 * @param labels       classes of the photo
 * @param entropy      mean entropy of the pixels' distributions over the classes, divided by its largest value, 0 to 1
 * @param disagreement share of pixels whose class differs in the mirror image
 * @param layout       mean probability of each class in each quarter of the photo, (4, classes): what the model sees where
 */
public record Uncertainty(LabelMap labels, double entropy, double disagreement, float[] layout) {
    /** Cells of the layout along one side. */
    private static final int CELLS = 2;

    /** Measures one photo; the scores of the segmenter's model are probabilities. */
    public static Uncertainty of(ImageSegmenter segmenter, Photo photo) {
        Photo scaled = segmenter.scaled(photo);
        Rows straight = new Rows(segmenter.model().classes(), scaled.width(), scaled.height());
        Rows mirrored = new Rows(segmenter.model().classes(), scaled.width(), scaled.height());
        new WindowPass(segmenter.model(), List.of(task(segmenter, scaled, straight), task(segmenter, scaled.flipped(), mirrored)))
            .run(Progress.NONE);
        LabelMap labels = straight.labels();
        LabelMap other = mirrored.labels().flipped();
        long differ = 0;
        for (int i = 0; i < labels.values().length; i++) {
            differ += labels.values()[i] == other.values()[i] ? 0 : 1;
        }
        double entropy = (straight.entropy + mirrored.entropy) / 2 / labels.values().length / Math.log(segmenter.model().classes());
        return new Uncertainty(labels, entropy, (double) differ / labels.values().length, straight.layout());
    }

    private static WindowTask task(ImageSegmenter segmenter, Photo photo, RowSink sink) {
        return new WindowTask(segmenter.windows(), segmenter.model().classes(), photo.height(), photo.width(),
            WindowTask.of(photo, segmenter.normalize()), sink);
    }

    /** Sums up rows of scores. */
    private static final class Rows implements RowSink {
        private final int classes;
        private final int width;
        private final int height;
        private final byte[] best;
        private final double[] layout;
        private double entropy;

        Rows(int classes, int width, int height) {
            this.classes = classes;
            this.width = width;
            this.height = height;
            this.best = new byte[width * height];
            this.layout = new double[CELLS * CELLS * classes];
        }

        @Override
        public void row(int y, float[] values, int at, int stride) {
            for (int x = 0; x < width; x++) {
                double sum = 0;
                int top = 0;
                for (int k = 0; k < classes; k++) {
                    float p = values[at + k * stride + x];
                    sum += p;
                    top = p > values[at + top * stride + x] ? k : top;
                }
                best[y * width + x] = (byte) top;
                int cell = (y * CELLS / height * CELLS + x * CELLS / width) * classes;
                for (int k = 0; k < classes; k++) {
                    double p = sum > 0 ? values[at + k * stride + x] / sum : 1.0 / classes;
                    entropy -= p > 0 ? p * Math.log(p) : 0;
                    layout[cell + k] += p;
                }
            }
        }

        LabelMap labels() {
            return new LabelMap(best, width, height);
        }

        float[] layout() {
            float[] out = new float[layout.length];
            for (int i = 0; i < out.length; i++) {
                int c = i / classes;
                int w = (c % CELLS + 1) * width / CELLS - c % CELLS * width / CELLS;
                int h = (c / CELLS + 1) * height / CELLS - c / CELLS * height / CELLS;
                out[i] = (float) (layout[i] / Math.max(1, w * h));
            }
            return out;
        }
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
