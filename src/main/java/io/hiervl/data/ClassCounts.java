package io.hiervl.data;

import io.hiervl.Content;
import io.hiervl.Progress;
import io.hiervl.image.LabelMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How many pixels of each class the images of a list have.
 *
 * @param pixels by image, then class
 */
public record ClassCounts(long[][] pixels) {
    /** Largest weight of a class; the smallest is its inverse. */
    private static final double MOST = 10;
    /** Temperature of the choice of classes, as in DAFormer's rare class sampling (arXiv 2111.14887). */
    private static final double TEMPERATURE = 0.1;

    /** Counts a list; every line must name a mask. */
    public static ClassCounts of(Dataset dataset, SplitList list, Progress progress) {
        int classes = dataset.spec().classes().size();
        long[][] pixels = new long[list.size()][classes];
        for (int i = 0; i < pixels.length; i++) {
            LabelMap labels = dataset.readLabels(list.samples().get(i));
            for (byte v : labels.values()) {
                if ((v & 255) < classes) {
                    pixels[i][v & 255]++;
                }
            }
            progress.update(i + 1L, pixels.length, "");
        }
        return new ClassCounts(pixels);
    }

    private int classes() {
        return pixels.length == 0 ? 0 : pixels[0].length;
    }

    /** Pixels of a class in all images. */
    public long total(int k) {
        return Arrays.stream(pixels).mapToLong(image -> image[k]).sum();
    }

    /** The class with the most pixels. */
    public int commonest() {
        int best = 0;
        for (int k = 1; k < classes(); k++) {
            best = total(k) > total(best) ? k : best;
        }
        return best;
    }

    /**
     * Weights by median frequency balancing (Eigen and Fergus, arXiv 1411.4734): the median frequency / the class's own, which is its share
     * of the pixels in the images that show it. Bounded by 0.1 and 10, three decimals; 1 for a class that is nowhere.
     */
    public List<Double> balanced() {
        double[] frequency = new double[classes()];
        for (int k = 0; k < frequency.length; k++) {
            int c = k;
            long all = Arrays.stream(pixels).filter(image -> image[c] > 0).mapToLong(image -> Arrays.stream(image).sum()).sum();
            frequency[k] = all == 0 ? 0 : (double) total(k) / all;
        }
        double[] sorted = Arrays.stream(frequency).filter(f -> f > 0).sorted().toArray();
        List<Double> weights = new ArrayList<>();
        for (double f : frequency) {
            double weight = f == 0 ? 1 : Math.max(1 / MOST, Math.min(MOST, sorted[sorted.length / 2] / f));
            weights.add(Math.round(weight * 1000) / 1000.0);
        }
        return weights;
    }

    /** Chance of each image where a class is drawn first, rare ones more often, and then one of the images that show it. */
    public double[] rareChances() {
        double all = Math.max(1, Arrays.stream(pixels).flatMapToLong(Arrays::stream).sum());
        double[] chances = new double[pixels.length];
        for (int k = 0; k < classes(); k++) {
            int c = k;
            long with = Arrays.stream(pixels).filter(image -> image[c] > 0).count();
            double wanted = Math.exp((1 - total(k) / all) / TEMPERATURE);
            for (int i = 0; i < chances.length; i++) {
                chances[i] += pixels[i][k] > 0 ? wanted / with : 0;
            }
        }
        double sum = Arrays.stream(chances).sum();
        return Arrays.stream(chances).map(c -> sum == 0 ? 1.0 / chances.length : c / sum).toArray();
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
