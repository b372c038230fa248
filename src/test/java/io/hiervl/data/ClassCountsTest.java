package io.hiervl.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ClassCountsTest {
    /** Images of 100 pixels: class 0 everywhere, class 1 in two of them, class 2 in one, class 3 nowhere. */
    private final ClassCounts counts = new ClassCounts(new long[][] {{100, 0, 0, 0}, {80, 20, 0, 0}, {50, 45, 5, 0}});

    @Test
    void weightsAreTheMedianFrequencyThroughTheOwn() {
        // frequencies: 230/300, 65/200, 5/100, none; their median is that of class 1
        assertEquals(List.of(Math.round(0.325 / (230 / 300.0) * 1000) / 1000.0, 1.0, 6.5, 1.0), counts.balanced());
        assertEquals(0, counts.commonest());
        assertEquals(65, counts.total(1));
    }

    @Test
    void weightsAreBounded() {
        ClassCounts steep = new ClassCounts(new long[][] {{100_000, 1, 300}});
        assertEquals(List.of(0.1, 10.0, 1.0), steep.balanced());
    }

    @Test
    void rareClassesAreDrawnMoreOften() {
        double[] chances = counts.rareChances();
        assertEquals(1, chances[0] + chances[1] + chances[2], 1e-12);
        // wanted by class: exp((1 - share) / 0.1), divided among the images that show it
        double a = Math.exp((1 - 230 / 300.0) / 0.1) / 3;
        double b = Math.exp((1 - 65 / 300.0) / 0.1) / 2;
        double c = Math.exp((1 - 5 / 300.0) / 0.1);
        double sum = 3 * a + 2 * b + c;
        assertArrayEquals(new double[] {a / sum, (a + b) / sum, (a + b + c) / sum}, chances, 1e-12);
    }

    @Test
    void scheduleFollowsTheChances() {
        Schedule schedule = new Schedule(3, 4, false, 7).chances(new double[] {0.1, 0, 0.9});
        Schedule again = new Schedule(3, 4, false, 7).chances(new double[] {0.1, 0, 0.9});
        int[] found = new int[3];
        for (int step = 0; step < 500; step++) {
            int[] drawn = schedule.at(step);
            assertArrayEquals(again.at(step), drawn);
            for (int i : drawn) {
                found[i]++;
            }
        }
        assertEquals(0, found[1]);
        assertTrue(found[0] > 140 && found[0] < 260, found[0] + " of 2000 draws, expected 200");
    }
}
