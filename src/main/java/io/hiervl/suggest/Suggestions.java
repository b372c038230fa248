package io.hiervl.suggest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Chooses photos one after the other: each time the one with the highest weighted sum of uncertainty, rarity and the distance to what is
 * labelled or chosen. With weight on the distance alone this is greedy k-centre (Sener and Savarese, arXiv 1708.00489). Uncertainty and
 * rarity count by rank among the candidates, so that no unit matters.
 */
public final class Suggestions {
    /** A class that fewer pixels have is not thought to be there. */
    private static final double PRESENT = 0.005;

    private final List<Candidate> candidates;
    private final List<String> classes;
    private final double[] labelledShares;
    private final double[] entropy;
    private final double[] disagreement;
    private final double[] rarity;
    private final float[][] unit;
    private final double[] nearest;

    /**
     * @param labelledShares share of the labelled pixels that each class has
     * @param labelled       embeddings of the labelled photos
     */
    public Suggestions(List<Candidate> candidates, List<String> classes, double[] labelledShares, List<float[]> labelled) {
        this.candidates = List.copyOf(candidates);
        this.classes = List.copyOf(classes);
        this.labelledShares = labelledShares.clone();
        this.entropy = ranks(candidates.stream().mapToDouble(Candidate::entropy).toArray());
        this.disagreement = ranks(candidates.stream().mapToDouble(Candidate::disagreement).toArray());
        this.rarity = ranks(candidates.stream().mapToDouble(this::rareness).toArray());
        this.unit = candidates.stream().map(c -> unit(c.embedding())).toArray(float[][]::new);
        this.nearest = new double[candidates.size()];
        Arrays.fill(nearest, 1);
        labelled.stream().map(Suggestions::unit).forEach(this::near);
    }

    /** The share of the others that are smaller; those that are equal share a rank. */
    static double[] ranks(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return Arrays.stream(values).map(v -> {
            int at = Arrays.binarySearch(sorted, v);
            while (at > 0 && sorted[at - 1] == v) {
                at--;
            }
            return values.length < 2 ? 0 : (double) at / (values.length - 1);
        }).toArray();
    }

    /** Mean of minus the logarithm of the labelled share, over the classes that the photo shows, weighted by the roots of shares. */
    private double rareness(Candidate c) {
        double sum = 0;
        double weights = 0;
        for (int k = 0; k < c.shares().length; k++) {
            if (c.shares()[k] >= PRESENT) {
                sum += Math.sqrt(c.shares()[k]) * -Math.log(labelledShares[k] + 1e-4);
                weights += Math.sqrt(c.shares()[k]);
            }
        }
        return weights == 0 ? 0 : sum / weights;
    }

    private static float[] unit(float[] v) {
        double norm = 0;
        for (float x : v) {
            norm += (double) x * x;
        }
        float[] out = v.clone();
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) (out[i] / Math.max(1e-12, Math.sqrt(norm)));
        }
        return out;
    }

    /** Takes a photo into account that is labelled or chosen. */
    private void near(float[] centre) {
        for (int i = 0; i < nearest.length; i++) {
            double dot = 0;
            for (int d = 0; d < centre.length; d++) {
                dot += (double) centre[d] * unit[i][d];
            }
            nearest[i] = Math.min(nearest[i], Math.sqrt(Math.max(0, (1 - dot) / 2)));
        }
    }

    /** The best photos, the first one first. */
    public List<Suggestion> choose(int count, Weights w) {
        List<Suggestion> out = new ArrayList<>();
        boolean[] taken = new boolean[candidates.size()];
        double[] start = nearest.clone();
        while (out.size() < Math.min(count, taken.length)) {
            double widest = Math.max(1e-9, IntStream.range(0, taken.length).filter(i -> !taken[i]).mapToDouble(i -> nearest[i]).max()
                .orElse(1));
            int best = IntStream.range(0, taken.length).filter(i -> !taken[i]).boxed()
                .max(Comparator.comparingDouble((Integer i) -> score(i, w, widest)).thenComparing(Comparator.reverseOrder())).orElseThrow();
            taken[best] = true;
            out.add(new Suggestion(best, score(best, w, widest), entropy[best], disagreement[best], rarity[best], nearest[best],
                reason(best, w, widest)));
            near(unit[best]);
        }
        System.arraycopy(start, 0, nearest, 0, start.length);
        return out;
    }

    private double score(int i, Weights w, double widest) {
        return w.entropy() * entropy[i] + w.disagreement() * disagreement[i] + w.rarity() * rarity[i] + w.variety() * nearest[i] / widest;
    }

    /** What counted most for a photo, and what else counted nearly as much. */
    private String reason(int i, Weights w, double widest) {
        record Part(double value, String text) {
        }
        Candidate c = candidates.get(i);
        List<Part> parts = new ArrayList<>();
        parts.add(new Part(w.entropy() * entropy[i], String.format(Locale.ROOT,
            "the model is unsure (entropy %.2f of 1, more than for %.0f %% of the photos)", c.entropy(), 100 * entropy[i])));
        parts.add(new Part(w.disagreement() * disagreement[i], String.format(Locale.ROOT,
            "its mirror image gets other classes on %.0f %% of the pixels", 100 * c.disagreement())));
        int rare = rarest(c);
        if (rare >= 0) {
            parts.add(new Part(w.rarity() * rarity[i], String.format(Locale.ROOT, "it seems to show '%s', %.1f %% of the labelled pixels",
                classes.get(rare), 100 * labelledShares[rare])));
        }
        parts.add(new Part(w.variety() * nearest[i] / widest, String.format(Locale.ROOT,
            "it is unlike the labelled and chosen photos (distance %.2f)", nearest[i])));
        parts.sort(Comparator.comparingDouble(Part::value).reversed());
        double most = parts.get(0).value;
        return String.join("; ", parts.stream().filter(p -> p.value > 0 && p.value >= 0.8 * most).limit(2).map(Part::text).toList());
    }

    /** The class of the photo that fewest labelled pixels have, -1 for none. */
    private int rarest(Candidate c) {
        int best = -1;
        for (int k = 0; k < c.shares().length; k++) {
            if (c.shares()[k] >= PRESENT && (best < 0 || labelledShares[k] < labelledShares[best])) {
                best = k;
            }
        }
        return best;
    }
}
