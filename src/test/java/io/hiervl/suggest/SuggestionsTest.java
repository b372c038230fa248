package io.hiervl.suggest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SuggestionsTest {
    private static final List<String> CLASSES = List.of("background", "cat", "bus");
    private static final double[] LABELLED = {0.7, 0.29, 0.01};

    /** A candidate at an angle of the plane, in degrees. */
    private static Candidate at(double degrees, double entropy, double... shares) {
        double a = Math.toRadians(degrees);
        return new Candidate("photo " + degrees, entropy, 0, shares.length == 0 ? new double[] {1, 0, 0} : shares,
            new float[] {(float) Math.cos(a), (float) Math.sin(a)});
    }

    private static List<Integer> chosen(List<Candidate> all, int count, Weights w, List<float[]> labelled) {
        return new Suggestions(all, CLASSES, LABELLED, labelled).choose(count, w).stream().map(Suggestion::index).toList();
    }

    @Test
    void ranksAreSharesOfSmallerValues() {
        assertArrayEquals(new double[] {0, 0.25, 0.25, 1, 0.75}, Suggestions.ranks(new double[] {-3, 0, 0, 9, 5}));
        assertArrayEquals(new double[] {0}, Suggestions.ranks(new double[] {7}));
    }

    @Test
    void varietyAloneIsGreedyKCentre() {
        List<Candidate> all = List.of(at(0, 0), at(10, 0), at(90, 0), at(95, 0), at(180, 0), at(45, 0));
        List<float[]> labelled = List.of(at(2, 0).embedding());
        assertEquals(List.of(4, 2, 5), chosen(all, 3, new Weights(0, 0, 0, 1), labelled),
            "the farthest from 2 degrees, then from 2 and 180, then from 2, 90 and 180");
    }

    @Test
    void entropyAloneTakesTheMostUncertain() {
        List<Candidate> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(at(0, i * 7 % 10 / 10.0));
        }
        assertEquals(List.of(7, 4, 1), chosen(all, 3, new Weights(1, 0, 0, 0), List.of()));
    }

    @Test
    void rarityTakesPhotosOfClassesWithFewLabels() {
        List<Candidate> all = List.of(at(0, 0, 0.9, 0.1, 0), at(0, 0, 0.9, 0, 0.1), at(0, 0, 0.998, 0, 0.002));
        List<Suggestion> s = new Suggestions(all, CLASSES, LABELLED, List.of()).choose(1, new Weights(0, 0, 1, 0));
        assertEquals(1, s.get(0).index());
        assertTrue(s.get(0).reason().contains("'bus', 1.0 % of the labelled pixels"), s.get(0).reason());
    }

    @Test
    void bothTogetherSpreadTheUncertain() {
        List<Candidate> all = List.of(at(0, 0.9), at(1, 0.89), at(2, 0.88), at(120, 0.8), at(121, 0.1));
        assertEquals(List.of(0, 3), chosen(all, 2, new Weights(1, 0, 0, 1), List.of()), "not three photos of one kind");
        assertTrue(new Suggestions(all, CLASSES, LABELLED, List.of()).choose(1, new Weights(1, 0, 0, 0)).get(0).reason()
            .contains("unsure (entropy 0.90"));
    }

    @Test
    void everyPhotoAtMostOnceAndWrongWeightsAreRefused() {
        List<Candidate> all = List.of(at(0, 0), at(0, 0), at(0, 0));
        assertEquals(List.of(0, 1, 2), chosen(all, 9, Weights.USUAL, List.of()).stream().sorted().toList());
        assertThrows(HierVlException.class, () -> new Weights(0, 0, 0, 0));
        assertThrows(HierVlException.class, () -> new Weights(-1, 0, 0, 1));
    }
}
