package io.hiervl.eval;

import io.hiervl.Content;
import io.hiervl.clip.ClipBundle;
import io.hiervl.image.ClipNormalize;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;
import io.hiervl.image.PilResize;
import io.hiervl.loss.GuidanceLabels;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What the frozen CLIP makes of photos for words, with the arithmetic of the guidance. The tower looks at a photo once; then any choice of
 * words for the classes can be tried. Not safe for several threads.
 */
public final class WordTrial {
    private final ZeroShotModel model;
    private final ClipNormalize normalize;
    private final List<List<String>> words;
    private final int[] classOf;
    private final int side;

    /**
     * @param words for each class its words, at least one
     * @param side  short side of photos for the tower, in pixels; 0 for twice the tower's own
     */
    public WordTrial(ClipBundle clip, List<List<String>> words, int side) {
        this.model = new ZeroShotModel(clip, words);
        this.normalize = new ClipNormalize(clip.preprocessing().mean(), clip.preprocessing().std());
        this.words = List.copyOf(words);
        this.side = side > 0 ? side : 2 * clip.weights().architecture().vision().image();
        this.classOf =
            IntStream.range(0, words.size()).flatMap(k -> IntStream.generate(() -> k).limit(words.get(k).size())).toArray();
    }

    /** All words, class after class. */
    public List<String> allWords() {
        return words.stream().flatMap(List::stream).toList();
    }

    /** The class of each of {@link #allWords}. */
    public int[] classes() {
        return classOf.clone();
    }

    /** Cosines between the texts of all words; 1 on the diagonal. */
    public double[][] similarity() {
        INDArray rows = model.embeddings();
        int n = classOf.length;
        double[][] out = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                INDArray a = rows.getRow(i);
                INDArray b = rows.getRow(j);
                out[i][j] = a.mul(b).sumNumber().doubleValue() / (a.norm2Number().doubleValue() * b.norm2Number().doubleValue());
            }
        }
        return out;
    }

    /**
     * What the tower saw in a photo.
     *
     * @param cosines (rows * columns, words), times CLIP's logit scale
     * @param width   of the photo
     */
    public record Look(float[] cosines, int rows, int columns, int width, int height) {
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

    /** Looks at a photo, scaled so that its short side is the trial's and both are multiples of the patch. */
    public Look look(Photo photo) {
        int patch = model.sizeMultiple();
        double scale = (double) side / Math.min(photo.width(), photo.height());
        int w = Math.max(1, (int) Math.round(scale * photo.width() / patch)) * patch;
        int h = Math.max(1, (int) Math.round(scale * photo.height() / patch)) * patch;
        Photo scaled = w == photo.width() && h == photo.height() ? photo : PilResize.resize(photo, w, h, PilResize.Filter.BICUBIC);
        float[] chw = new float[3 * w * h];
        normalize.into(scaled, chw, 0);
        return new Look(model.cosines(chw, h, w), h / patch, w / patch, photo.width(), photo.height());
    }

    /**
     * The guidance for a choice of words; every class keeps at least one.
     *
     * @param used which of {@link #allWords} count
     */
    public Segmentation segment(Look look, boolean[] used) {
        int n = classOf.length;
        int[] kept = IntStream.range(0, n).filter(j -> used[j]).toArray();
        float[] some = new float[look.rows() * look.columns() * kept.length];
        for (int p = 0, i = 0; p < look.rows() * look.columns(); p++) {
            for (int j : kept) {
                some[i++] = look.cosines()[p * n + j];
            }
        }
        INDArray cosines = Nd4j.create(some, new long[] {1, (long) look.rows() * look.columns(), kept.length}, 'c');
        int[] owners = IntStream.of(kept).map(j -> classOf[j]).toArray();
        INDArray cells = GuidanceLabels.classScores(cosines, owners, words.size(), look.rows(), look.columns());
        float[] p = GuidanceLabels.distribution(cells, look.height(), look.width()).data().asFloat();
        int pixels = look.width() * look.height();
        byte[] labels = new byte[pixels];
        float[] score = new float[pixels];
        for (int i = 0; i < pixels; i++) {
            for (int k = 0; k < words.size(); k++) {
                if (p[k * pixels + i] > score[i]) {
                    score[i] = p[k * pixels + i];
                    labels[i] = (byte) k;
                }
            }
        }
        return new Segmentation(new LabelMap(labels, look.width(), look.height()), score);
    }

    /** All words of all classes. */
    public boolean[] all() {
        boolean[] used = new boolean[classOf.length];
        java.util.Arrays.fill(used, true);
        return used;
    }

    /** All words of the other classes, and one of its class. */
    public boolean[] only(int word) {
        boolean[] used = all();
        for (int j = 0; j < used.length; j++) {
            used[j] = classOf[j] != classOf[word] || j == word;
        }
        return used;
    }

    /** Share of patches at which each word is the nearest of all. */
    public double[] nearest(List<Look> looks) {
        int n = classOf.length;
        double[] share = new double[n];
        long patches = 0;
        for (Look look : looks) {
            for (int p = 0; p < look.rows() * look.columns(); p++, patches++) {
                int best = 0;
                for (int j = 1; j < n; j++) {
                    best = look.cosines()[p * n + j] > look.cosines()[p * n + best] ? j : best;
                }
                share[best]++;
            }
        }
        for (int j = 0; j < n; j++) {
            share[j] /= Math.max(1, patches);
        }
        return share;
    }

    /** Counts against true labels for a choice of words. */
    public ConfusionMatrix measure(List<Look> looks, List<LabelMap> truth, boolean[] used) {
        ConfusionMatrix matrix = new ConfusionMatrix(words.size());
        for (int i = 0; i < looks.size(); i++) {
            matrix.add("photo " + (i + 1), segment(looks.get(i), used).labels(), truth.get(i));
        }
        return matrix;
    }

    /**
     * A word as its class's only one.
     *
     * @param word  index among {@link #allWords}
     * @param iou   of its class, 0 to 1
     * @param miou  over all classes
     */
    public record Fit(int word, double iou, double miou) {
    }

    /** Every word of the classes that have several, alone in its class. */
    public List<Fit> fits(List<Look> looks, List<LabelMap> truth) {
        List<Fit> out = new ArrayList<>();
        for (int j = 0; j < classOf.length; j++) {
            if (words.get(classOf[j]).size() > 1) {
                ConfusionMatrix m = measure(looks, truth, only(j));
                out.add(new Fit(j, m.iou(classOf[j]), m.meanIouOfPresent()));
            }
        }
        return out;
    }
}
